import { sqlBeside, statement } from '@taskflow/database'

/**
 * Workers that ended live for a day and as long as they hold tasks, minutes of queues for two days, and a queue as long
 * as it has tasks or minutes.
 */
export const clearFleetRows = statement<readonly [], never>({
  name: 'clear_fleet_rows',
  columns: [],
  text: sqlBeside(import.meta.url),
})
