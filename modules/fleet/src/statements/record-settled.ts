import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [workerId: string, queues: string[], succeeded: number[], failed: number[], cancelled: number[]]

export const recordSettled = statement<Params, never>({
  name: 'record_settled',
  lane: 'heartbeat',
  columns: [],
  text: sqlBeside(import.meta.url),
})
