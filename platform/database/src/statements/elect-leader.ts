import { sqlBeside, statement } from '../statement.ts'

type Params = readonly [name: string, holder: string, ttlMs: number]

interface Row {
  /** Null where another leads. */
  term: number | null
  expires_in_ms: number
}

/**
 * Takes the row that is free or has expired, in a new term; renews that of its own holder. An expired row gets a new
 * term also from its own holder: nobody has to know that no other led meanwhile.
 *
 * No row, or one that has expired: another was faster, between this statement's look and its write.
 */
export const electLeader = statement<Params, Row>({
  name: 'elect_leader',
  lane: 'heartbeat',
  columns: ['term', 'expires_in_ms'],
  text: sqlBeside(import.meta.url),
})
