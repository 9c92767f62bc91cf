import { sqlBeside, statement } from '@taskflow/database'

export const closeGate = statement<readonly [project: string, gate: string], never>({
  name: 'close_gate',
  columns: [],
  text: sqlBeside(import.meta.url),
})
