import { sqlBeside, statement } from '@taskflow/database'

/** Returns the given gates that are closed. */
export const findClosedGates = statement<
  readonly [projects: readonly string[], names: readonly string[]],
  { project: string; name: string }
>({
  name: 'find_closed_gates',
  columns: ['project', 'name'],
  text: sqlBeside(import.meta.url),
})
