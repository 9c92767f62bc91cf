// Exports what a program needs to start a process. The API has an entry of its own, so that a process without the role does not
// load it.
export { SETTINGS, type SettingDescription, type SettingName } from './config.ts'
export type { Flags } from './load-settings.ts'
export { runServer } from './main.ts'
export { type MigrateDirection, runMigrate } from './migrate.ts'
