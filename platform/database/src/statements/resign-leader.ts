import { sqlBeside, statement } from '../statement.ts'

/** Lets the row expire now, if it is still the holder's, so that a standby takes over without waiting for its time to end. */
export const resignLeader = statement<readonly [name: string, holder: string], never>({
  name: 'resign_leader',
  lane: 'heartbeat',
  columns: [],
  notifies: ['resigned'],
  text: sqlBeside(import.meta.url),
})
