export { type ApiDeps, buildApp } from './api/app.ts'
export { hashSecret, newSecret } from './auth/secrets.ts'
export {
  type Flags,
  loadSettings,
  SETTINGS,
  type SettingDescription,
  type SettingName,
  type Settings,
} from './config.ts'
export { type MigrateDirection, runMigrate, runServer } from './main.ts'
export { createLog } from './telemetry/log.ts'
export { type Metrics, metricsOf } from './telemetry/metrics.ts'
export { VERSION } from './version.ts'
