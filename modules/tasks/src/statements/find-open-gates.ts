import { sqlBeside, statement } from '@taskflow/database'

/** Finds gates that are open though tasks wait at them. */
export const findOpenGates = statement<readonly [], { project: string; name: string }>({
  name: 'find_open_gates',
  lane: 'duty',
  columns: ['project', 'name'],
  text: sqlBeside(import.meta.url),
})
