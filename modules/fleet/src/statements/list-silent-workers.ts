import { sqlBeside, statement } from '@taskflow/database'

/** Lists active and draining workers whose last heartbeat is older than this. */
export const listSilentWorkers = statement<readonly [olderThanMs: number], { id: string; heartbeat_at: Date }>({
  name: 'list_silent_workers',
  lane: 'duty',
  columns: ['id', 'heartbeat_at'],
  text: sqlBeside(import.meta.url),
})
