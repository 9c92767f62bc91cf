// The door of those who start a process. The API and all it loads stay behind their own doors, so that a
// process without that role does not carry them.
export { SETTINGS, type SettingDescription, type SettingName } from './config.ts'
export type { Flags } from './load-settings.ts'
export { type MigrateDirection, runMigrate, runServer } from './main.ts'
