import { sqlBeside, statement } from '@taskflow/database'

/**
 * Deletes lost and stopped workers that hold no task after a day, the minutes of queues after two days, and queues that
 * have neither tasks nor minutes.
 */
export const clearFleetRows = statement<readonly [], never>({
  name: 'clear_fleet_rows',
  columns: [],
  text: sqlBeside(import.meta.url),
})
