import { CircuitBreaker, type Clock, type Events, hasCode, TaskFlowError, withinTime } from '@taskflow/kernel'
import type { Database, Statement } from './database.ts'
import { isPoolExhausted, isRecoveryConflict } from './database-error.ts'
import { replicaLag } from './statements/replica-lag.ts'

interface Options {
  readonly primary: Database
  readonly replica: Database
  readonly clock: Clock
  readonly events: Pick<Events, 'emit'>
}

const OPEN_MS = 5_000

// Interval between two checks of the replica, while there are reads.
const CHECK_MS = 2_000
const CHECK_TIMEOUT_MS = 3_000

// Lists may be slightly outdated, but not by more than this.
const LONGEST_LAG_MS = 10_000

/**
 * Sends reads to a replica. Sends them to the primary while the replica is unavailable, does not answer or lags, and
 * when the replica cancels a read because of a recovery conflict.
 */
export function replicaDatabase({ primary, replica, clock, events }: Options): Database {
  const breaker = new CircuitBreaker({
    clock,
    failures: 1,
    openMs: OPEN_MS,
    isUnavailable: (error) => hasCode(error, 'DATABASE_UNAVAILABLE'),
    weigh: (error) => (isPoolExhausted(error) ? 0 : 1),
    onChange: (isClosed) => events.emit(isClosed ? 'database.returned' : 'database.lost', { database: 'replica' }),
  })
  const unavailable = (what: string, cause?: unknown): Error =>
    new TaskFlowError('DATABASE_UNAVAILABLE', `The replica ${what}`, { cause })

  let checkedAtMs = Number.NEGATIVE_INFINITY
  let lastCheck: Promise<void> = Promise.resolve()

  /** Rejects if the replica cannot be used. Reads of the same time share one check. */
  function check(): Promise<void> {
    if (clock.monotonicMs() - checkedAtMs >= CHECK_MS) {
      checkedAtMs = clock.monotonicMs()
      lastCheck = checkLag()
    }
    return lastCheck
  }

  async function checkLag(): Promise<void> {
    const bound = { clock, ms: CHECK_TIMEOUT_MS, what: 'The replica', code: 'DATABASE_UNAVAILABLE' } as const
    const [row] = await withinTime(replica.run(replicaLag, []), bound).catch((error: unknown) => {
      // Any error makes the replica count as lost, for example a wrong password; otherwise no event would report it.
      throw hasCode(error, 'DATABASE_UNAVAILABLE') ? error : unavailable('cannot be read', error)
    })
    if (row && row.lag_ms > LONGEST_LAG_MS) throw unavailable(`lags by ${Math.round(row.lag_ms)} ms`)
  }

  /** Repeats the check during a read, so that a read that hangs costs seconds instead of its whole timeout. */
  async function untilUnusable(signal: AbortSignal): Promise<never> {
    for (;;) {
      await clock.sleep(CHECK_MS, signal)
      if (signal.aborted) return undefined as never
      await check()
    }
  }

  async function read<Params extends readonly unknown[], Row>(
    statement: Statement<Params, Row>,
    params: Params,
  ): Promise<Row[]> {
    await check()
    const over = new AbortController()
    try {
      return await Promise.race([replica.run(statement, params), untilUnusable(over.signal)])
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
          () => unavailable('was unavailable a moment ago'),
        )
      } catch (error) {
        // The primary would be as slow.
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
