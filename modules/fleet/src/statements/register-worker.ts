import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [
  id: string,
  project: string,
  name: string,
  host: string,
  pid: number,
  version: string,
  labels: string,
  queues: readonly string[],
  types: readonly string[],
  slots: number,
  replaces: string | null,
]

export const registerWorker = statement<Params, never>({
  name: 'register_worker',
  lane: 'heartbeat',
  columns: [],
  text: sqlBeside(import.meta.url),
})
