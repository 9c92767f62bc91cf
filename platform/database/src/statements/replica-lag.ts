import { sqlBeside, statement } from '../statement.ts'

/** Returns by how many milliseconds a replica lags behind its primary: 0 on a primary. */
export const replicaLag = statement<readonly [], { lag_ms: number }>({
  name: 'replica_lag',
  columns: ['lag_ms'],
  text: sqlBeside(import.meta.url),
})
