import { sqlBeside, statement } from '@taskflow/database'

/** A row if the worker may claim; none if it is lost, stopped or unknown, or has a request to cordon or drain. */
export const findClaimer = statement<readonly [workerId: string], { id: string }>({
  name: 'find_claimer',
  lane: 'claim',
  columns: ['id'],
  text: sqlBeside(import.meta.url),
})
