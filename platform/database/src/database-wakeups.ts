import type { Wakeups } from '@taskflow/kernel'
import type { Database } from './database.ts'

/** Wake-ups by NOTIFY, which the statements themselves send: the word leaves with the commit it speaks of. */
export function databaseWakeups(db: Database): Wakeups {
  return { on: (topic, listener) => db.listen(`taskflow_${topic}`, listener) }
}
