import type { Wakeups } from '@taskflow/kernel'
import type { Database } from './database.ts'

/**
 * Receives wake-ups by LISTEN. The statements themselves send NOTIFY, so a wake-up leaves with the commit that it
 * announces.
 */
export function databaseWakeups(db: Database): Wakeups {
  return { on: (topic, listener) => db.listen(`taskflow_${topic}`, listener) }
}
