import { sqlBeside, statement } from '../statement.ts'

type Params = readonly [name: string, holder: string, ttlMs: number]

interface Row {
  /** Null if another candidate leads. */
  term: number | null
  expires_in_ms: number
}

/**
 * Takes a row that is free or has expired, in a new term, or renews the row of its own holder. After an expiry the
 * holder gets a new term too, because another candidate may have led in between.
 *
 * Returns no row, or a row that has expired, if another candidate wrote the row after this statement's snapshot.
 */
export const electLeader = statement<Params, Row>({
  name: 'elect_leader',
  lane: 'heartbeat',
  columns: ['term', 'expires_in_ms'],
  text: sqlBeside(import.meta.url),
})
