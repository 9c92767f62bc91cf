import { sqlBeside, statement } from '@taskflow/database'

interface Row {
  promote: boolean
  expire: boolean
  rescue: boolean
  /** Null where no worker lives. */
  oldest_heartbeat_ms: number | null
}

/**
 * Whether there is anything for the statements of these duties: one cheap look in place of one of each. It takes no
 * parameters, for a statement without any is planned once, and planning this one took as long as running it. Its
 * states need not be the domain's own: what a duty may touch its own statement says.
 */
export const findDuties = statement<readonly [], Row>({
  name: 'find_duties',
  lane: 'duty',
  columns: ['promote', 'expire', 'rescue', 'oldest_heartbeat_ms'],
  text: sqlBeside(import.meta.url),
})
