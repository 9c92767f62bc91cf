import { sqlBeside, statement } from '../statement.ts'

/**
 * Makes the holder's row expire now, so that a standby can lead at once. Does nothing if another candidate holds the
 * row.
 */
export const resignLeader = statement<readonly [name: string, holder: string], never>({
  name: 'resign_leader',
  lane: 'heartbeat',
  columns: [],
  notifies: ['resigned'],
  text: sqlBeside(import.meta.url),
})
