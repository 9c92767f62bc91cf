import { sqlBeside, statement } from '@taskflow/database'

/** A row where the worker may claim; none where it is dead, gone, unknown, or asked to take nothing. */
export const findClaimer = statement<readonly [workerId: string], { id: string }>({
  name: 'find_claimer',
  lane: 'claim',
  columns: ['id'],
  text: sqlBeside(import.meta.url),
})
