import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [workerId: string, queues: string[], succeeded: number[], failed: number[], cancelled: number[]]

/** Adds the tallies of a worker to the current minute of each queue. */
export const recordSettled = statement<Params, never>({
  name: 'record_settled',
  lane: 'heartbeat',
  columns: [],
  text: sqlBeside(import.meta.url),
})
