import { sqlBeside, statement } from '@taskflow/database'

interface Row {
  promote: boolean
  expire: boolean
  rescue: boolean
  /** Null when no worker is active or draining. */
  oldest_heartbeat_ms: number | null
}

/**
 * Finds which duties have work, in one cheap query instead of one for each duty. It takes no parameters, because a
 * statement without parameters is planned once, and planning this one took as long as running it. Its states need not
 * match the domain's exactly: the statement of each duty decides which tasks it may change.
 */
export const findDuties = statement<readonly [], Row>({
  name: 'find_duties',
  lane: 'duty',
  columns: ['promote', 'expire', 'rescue', 'oldest_heartbeat_ms'],
  text: sqlBeside(import.meta.url),
})
