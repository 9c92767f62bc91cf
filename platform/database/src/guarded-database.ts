import { type Clock, circuitBreaker, type Events, hasCode, TaskFlowError, withinTime } from '@taskflow/kernel'
import type { Database } from './database.ts'
import { isFromTheLine, isSilence } from './database-error.ts'
import { ping } from './statements/ping.ts'

interface Options {
  readonly clock: Clock
  readonly events: Pick<Events, 'emit'>
}

// One connection may break, also in each lane at once when an operator ends sessions. Of a server that is away there
// soon are so many.
const FAILURES = 5

const OPEN_MS = 1_000
const PROBE_MS = 3_000

/**
 * Keeps statements from a database that is away: they fail at once instead of each waiting for its own time-out.
 * An answer on any lane says that it is there. The probe is a question of our own: were it a caller's, a long list
 * would keep all others waiting.
 */
export function guardedDatabase(db: Database, { clock, events }: Options): Database {
  const breaker = circuitBreaker({
    clock,
    failures: FAILURES,
    openMs: OPEN_MS,
    isAway: (error) => hasCode(error, 'DATABASE_UNAVAILABLE'),
    // A statement that heard nothing has waited long enough for all.
    weigh: (error) => (isFromTheLine(error) ? 0 : isSilence(error) ? FAILURES : 1),
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
