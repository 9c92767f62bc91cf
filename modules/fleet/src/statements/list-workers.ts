import { sqlBeside, statement } from '@taskflow/database'

export interface WorkerRow {
  id: string
  project: string
  name: string
  host: string
  pid: number
  version: string
  labels: Record<string, string>
  queues: string[]
  types: string[]
  slots: number
  state: string
  loop_lag_ms: number
  since_fetch_ms: number
  started_at: Date
  heartbeat_at: Date
  running: { taskId: string; type: string; startedAt: string }[]
}

type Params = readonly [
  project: string,
  limit: number,
  before: string | null,
  only: string | null,
  silentAfterMs: number,
]

/** Lists one worker when `only` is given, and otherwise a page, newest first. */
export const listWorkers = statement<Params, WorkerRow>({
  name: 'list_workers',
  columns: [
    'id',
    'project',
    'name',
    'host',
    'pid',
    'version',
    'labels',
    'queues',
    'types',
    'slots',
    'state',
    'loop_lag_ms',
    'since_fetch_ms',
    'started_at',
    'heartbeat_at',
    'running',
  ],
  text: sqlBeside(import.meta.url),
})
