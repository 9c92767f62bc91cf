import { sqlBeside, statement } from '@taskflow/database'

interface Row {
  name: string
  role: string
  project: string
}

/** Finds the principal of a valid key. Records the use of the key only once a minute, so that few requests write. */
export const findPrincipal = statement<readonly [hash: string], Row>({
  name: 'find_principal',
  columns: ['name', 'role', 'project'],
  text: sqlBeside(import.meta.url),
})
