import { statement } from '@taskflow/database'

export const listSilentWorkers = statement<readonly [olderThanMs: number], { id: string; heartbeat_at: Date }>({
  name: 'list_silent_workers',
  lane: 'duty',
  columns: ['id', 'heartbeat_at'],
  text: `
    select id, heartbeat_at
    from worker
    where state in ('active', 'draining') and heartbeat_at < clock_now() - $1::bigint * interval '1 ms'`,
})
