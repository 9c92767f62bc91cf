import { type Clock, circuitBreaker, type Events, hasCode, TaskFlowError, withinTime } from '@taskflow/kernel'
import type { Database, Statement } from './database.ts'
import { isFromTheLine, isRecoveryConflict } from './database-error.ts'
import { replicaLag } from './statements/replica-lag.ts'

interface Options {
  readonly primary: Database
  readonly replica: Database
  readonly clock: Clock
  readonly events: Pick<Events, 'emit'>
}

const OPEN_MS = 5_000

// Between two looks at the replica, while there is something to read.
const LOOK_MS = 2_000
const LOOK_TIMEOUT_MS = 3_000

// What lists show may be a moment old, and no more.
const LONGEST_LAG_MS = 10_000

/**
 * Reads that may be a moment old go to a replica, and to the primary whenever the replica is of no use: it is away,
 * it does not answer, it lags, or it had to drop the read for what it received meanwhile.
 */
export function replicaDatabase({ primary, replica, clock, events }: Options): Database {
  const breaker = circuitBreaker({
    clock,
    failures: 1,
    openMs: OPEN_MS,
    isAway: (error) => hasCode(error, 'DATABASE_UNAVAILABLE'),
    weigh: (error) => (isFromTheLine(error) ? 0 : 1),
    onChange: (isClosed) => events.emit(isClosed ? 'database.returned' : 'database.lost', { database: 'replica' }),
  })
  const unavailable = (what: string, cause?: unknown): Error =>
    new TaskFlowError('DATABASE_UNAVAILABLE', `The replica ${what}`, { cause })

  let lookedAtMs = Number.NEGATIVE_INFINITY
  let lastLook: Promise<void> = Promise.resolve()

  /** Rejects when the replica is of no use. All reads of a time share one look. */
  function look(): Promise<void> {
    if (clock.monotonicMs() - lookedAtMs >= LOOK_MS) {
      lookedAtMs = clock.monotonicMs()
      lastLook = measureLag()
    }
    return lastLook
  }

  async function measureLag(): Promise<void> {
    const bound = { clock, ms: LOOK_TIMEOUT_MS, what: 'The replica', code: 'DATABASE_UNAVAILABLE' } as const
    const [row] = await withinTime(replica.run(replicaLag, []), bound).catch((error: unknown) => {
      // It may be there and not let us in, over a wrong password, say. For an answer this must not pass: nobody would hear of it.
      throw hasCode(error, 'DATABASE_UNAVAILABLE') ? error : unavailable('cannot be read', error)
    })
    if (row && row.lag_ms > LONGEST_LAG_MS) throw unavailable(`lags by ${Math.round(row.lag_ms)} ms`)
  }

  /** Goes on looking while a read is under way, so that one that hangs costs seconds, not its whole time-out. */
  async function untilOfNoUse(signal: AbortSignal): Promise<never> {
    for (;;) {
      await clock.sleep(LOOK_MS, signal)
      if (signal.aborted) return undefined as never
      await look()
    }
  }

  async function read<Params extends readonly unknown[], Row>(
    statement: Statement<Params, Row>,
    params: Params,
  ): Promise<Row[]> {
    await look()
    const over = new AbortController()
    try {
      return await Promise.race([replica.run(statement, params), untilOfNoUse(over.signal)])
    } finally {
      over.abort()
    }
  }

  return {
    engine: primary.engine,
    async run(statement, params) {
      try {
        return await breaker.run(
          () => read(statement, params),
          () => unavailable('is not asked for a while'),
        )
      } catch (error) {
        // It would be as slow there.
        if (hasCode(error, 'QUERY_TOO_SLOW') && !isRecoveryConflict(error)) throw error
        return primary.run(statement, params)
      }
    },
    transaction: (work) => primary.transaction(work),
    listen: (channel, listener) => primary.listen(channel, listener),
    async close() {
      await Promise.all([primary.close(), replica.close()])
    },
  }
}
