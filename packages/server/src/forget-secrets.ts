import type { SettingName } from './config.ts'
import { variableOf } from './variable-of.ts'

/** The settings that are secrets, or addresses that may contain one. */
export const SECRET_SETTINGS: readonly SettingName[] = [
  'databaseUrl',
  'databaseReadUrl',
  'databaseDirectUrl',
  'redisUrl',
  'redisLowUrl',
  'amqpUrl',
  'adminToken',
]

/**
 * Removes the secret settings from an environment. Runners and everything that handlers start inherit the environment
 * of the process, and a handler needs none of these: it reaches TaskFlow by a key of its own.
 */
export function forgetSecrets(env: Record<string, string | undefined>): void {
  for (const name of SECRET_SETTINGS) delete env[variableOf(name)]
}
