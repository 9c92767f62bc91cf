import { CircuitBreaker, type Clock, type Events, hasCode, TaskFlowError, withinTime } from '@taskflow/kernel'
import type { Database } from './database.ts'
import { isPoolExhausted, isReplyTimeout } from './database-error.ts'
import { ping } from './statements/ping.ts'

interface Options {
  readonly clock: Clock
  readonly events: Pick<Events, 'emit'>
}

// A broken connection proves little: an operator may end the sessions of all lanes at once. An unavailable server soon
// causes this many failures in a row.
const FAILURES = 5

const OPEN_MS = 1_000
const PROBE_MS = 3_000

/**
 * Rejects statements at once while the database is unavailable, so that each does not wait for its own timeout. An
 * answer on any lane ends the outage. The probe is a statement of its own, because a long list as the probe would block
 * all other callers.
 */
export function guardedDatabase(db: Database, { clock, events }: Options): Database {
  const breaker = new CircuitBreaker({
    clock,
    failures: FAILURES,
    openMs: OPEN_MS,
    isUnavailable: (error) => hasCode(error, 'DATABASE_UNAVAILABLE'),
    // One statement without a reply has waited long enough to be proof.
    weigh: (error) => (isPoolExhausted(error) ? 0 : isReplyTimeout(error) ? FAILURES : 1),
    onChange: (isClosed) => events.emit(isClosed ? 'database.returned' : 'database.lost', { database: 'primary' }),
  })
  const refusal = (): Error => new TaskFlowError('DATABASE_UNAVAILABLE', 'The database did not answer a moment ago')

  async function guard<Result>(call: () => Promise<Result>): Promise<Result> {
    if (!breaker.isClosed) await breaker.run(probe, refusal)
    return breaker.run(call, refusal)
  }

  const probe = (): Promise<unknown> =>
    withinTime(db.run(ping, []), { clock, ms: PROBE_MS, what: 'The database', code: 'DATABASE_UNAVAILABLE' })

  return {
    engine: db.engine,
    run: (statement, params) => guard(() => db.run(statement, params)),
    transaction: (work) => guard(() => db.transaction(work)),
    listen: (channel, listener) => db.listen(channel, listener),
    close: () => db.close(),
  }
}
