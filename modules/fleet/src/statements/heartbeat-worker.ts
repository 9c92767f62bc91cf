import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [id: string, state: string, loopLagMs: number, sinceFetchMs: number]

/** Writes a heartbeat. Returns no row when the worker is lost, stopped or unknown. */
export const heartbeatWorker = statement<Params, { cancelled: string[]; request: string | null }>({
  name: 'heartbeat_worker',
  lane: 'heartbeat',
  columns: ['cancelled', 'request'],
  text: sqlBeside(import.meta.url),
})
