import { statement } from '@taskflow/database'

export const deregisterWorker = statement<readonly [id: string], never>({
  name: 'deregister_worker',
  lane: 'heartbeat',
  columns: [],
  text: `update worker set state = 'stopped', heartbeat_at = clock_now() where id = $1 and state <> 'lost'`,
})
