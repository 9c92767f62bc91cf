import { sqlBeside, statement } from '@taskflow/database'

export const openGate = statement<readonly [project: string, gate: string], never>({
  name: 'open_gate',
  columns: [],
  text: sqlBeside(import.meta.url),
})
