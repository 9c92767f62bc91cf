import { sqlBeside, statement } from '../statement.ts'

export const replicaLag = statement<readonly [], { lag_ms: number }>({
  name: 'replica_lag',
  columns: ['lag_ms'],
  text: sqlBeside(import.meta.url),
})
