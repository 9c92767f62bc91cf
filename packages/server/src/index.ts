// Entry point for starting a process. The API has its own entry point, so that a process without the role `api` does
// not load it.
export { SETTINGS, type SettingDescription, type SettingName } from './config.ts'
export type { Flags } from './load-settings.ts'
export { type MigrateDirection, runMigrate, runServer } from './main.ts'
