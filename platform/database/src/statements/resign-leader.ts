import { statement } from '../statement.ts'

/** Lets the row expire now, if it is still the holder's, so that a standby takes over without waiting for its time to end. */
export const resignLeader = statement<readonly [name: string, holder: string], never>({
  name: 'resign_leader',
  lane: 'heartbeat',
  columns: [],
  text: `
    with resigned as (
      update leader
      set expires_at = clock_now()
      where name = $1 and holder = $2 and expires_at > clock_now()
      returning name
    )
    select pg_notify('taskflow_resigned', name) as announced from resigned`,
})
