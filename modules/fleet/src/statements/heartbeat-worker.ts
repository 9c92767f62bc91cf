import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [id: string, state: string, loopLagMs: number, sinceFetchMs: number]

/** No row: the worker was declared dead, has said goodbye, or never was. */
export const heartbeatWorker = statement<Params, { cancelled: string[]; request: string | null }>({
  name: 'heartbeat_worker',
  lane: 'heartbeat',
  columns: ['cancelled', 'request'],
  text: sqlBeside(import.meta.url),
})
