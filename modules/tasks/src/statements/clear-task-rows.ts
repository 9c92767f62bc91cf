import { sqlBeside, statement } from '@taskflow/database'

/** Idempotency keys live for a day; survivors of dropped days until they expire, and what belongs to them as long. */
export const clearTaskRows = statement<readonly [], never>({
  name: 'clear_task_rows',
  columns: [],
  text: sqlBeside(import.meta.url),
})
