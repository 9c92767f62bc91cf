import { statement } from '@taskflow/database'

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
  text: `
    insert into worker (id, project, name, host, pid, version, labels, queues, types, slots, started_at, heartbeat_at, request)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_now(), clock_now(),
            (select request from worker where project = $2 and id = $11))
    on conflict (id) do nothing`,
})
