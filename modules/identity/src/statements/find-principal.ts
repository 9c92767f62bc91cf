import { sqlBeside, statement } from '@taskflow/database'

interface Row {
  name: string
  role: string
  project: string
}

/** Notes the use of a key, at most once a minute so that reading stays reading. */
export const findPrincipal = statement<readonly [hash: string], Row>({
  name: 'find_principal',
  columns: ['name', 'role', 'project'],
  text: sqlBeside(import.meta.url),
})
