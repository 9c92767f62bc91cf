import { sqlBeside, statement } from '@taskflow/database'

/**
 * Deletes idempotency keys after a day, and rows that outlived their day's partition once they expire, with all that
 * belongs to them.
 */
export const clearTaskRows = statement<readonly [], never>({
  name: 'clear_task_rows',
  columns: [],
  text: sqlBeside(import.meta.url),
})
