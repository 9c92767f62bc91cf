import type { Database, Wakeups } from '@taskflow/core'

/** Wake-ups by NOTIFY, which the statements themselves send: the word leaves with the commit it speaks of. */
export function databaseWakeups(db: Database): Wakeups {
  return { on: (topic, listener) => db.listen(`taskflow_${topic}`, listener) }
}
