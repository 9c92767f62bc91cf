import type { Clock } from './clock.ts'
import { type ErrorCode, TaskFlowError } from './errors.ts'

export interface CircuitBreakerOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Number of failures in a row that opens the breaker. */
  readonly failures: number
  /** Time that the breaker stays open before it lets one call through as a probe. */
  readonly openMs: number
  /** Whether an error means that the dependency is unavailable. Any other error counts as an answer. */
  isUnavailable(error: unknown): boolean
  /**
   * Returns how many failures such an error counts for, one by default. Zero means that the error proves nothing (the
   * call waited for a connection of this process, for example); `failures` means that the error alone is proof.
   */
  weigh?(error: unknown): number
  /** Called at each change, with true when calls go through again. */
  onChange?(isClosed: boolean): void
}

/**
 * Rejects calls at once while a dependency is unavailable, so that each call does not wait for its own timeout (Nygard,
 * "Release It!").
 *
 *     closed ─failures in a row─▶ open ─openMs─▶ half-open ─answer──▶ closed
 *                                   ▲               └─────failure──▶ open
 *
 * While the breaker is half-open, one call goes through as a probe and the breaker rejects all others.
 *
 * A failure counts only if no call was answered since the failed call began: calls in flight at the start of an outage
 * may fail long after its end.
 */
export interface CircuitBreaker {
  readonly isClosed: boolean
  /** Whether a call made now would go through. */
  readonly isAccepting: boolean
  /** Runs the call and throws what the call throws. An open breaker throws `refusal()` without running the call. */
  run<Result>(call: () => Promise<Result>, refusal: () => Error): Promise<Result>
}

export function circuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { clock, failures, openMs, isUnavailable, weigh = () => 1, onChange } = options
  let failed = 0
  let answers = 0
  let openUntil: number | undefined
  let isProbing = false

  const isAccepting = (): boolean => openUntil === undefined || (!isProbing && clock.monotonicMs() >= openUntil)

  function onAnswer(): void {
    answers++
    failed = 0
    if (openUntil === undefined) return
    openUntil = undefined
    onChange?.(true)
  }

  function onFailure(weight: number): void {
    failed += weight
    if (weight === 0 || failed < failures) return
    const wasClosed = openUntil === undefined
    openUntil = clock.monotonicMs() + openMs
    if (wasClosed) onChange?.(false)
  }

  return {
    get isClosed() {
      return openUntil === undefined
    },
    get isAccepting() {
      return isAccepting()
    },
    async run(call, refusal) {
      if (!isAccepting()) throw refusal()
      const isProbe = openUntil !== undefined
      const answersBefore = answers
      if (isProbe) isProbing = true
      try {
        const result = await call()
        onAnswer()
        return result
      } catch (error) {
        if (!isUnavailable(error)) onAnswer()
        else if (answers === answersBefore && (isProbe || openUntil === undefined)) onFailure(weigh(error))
        throw error
      } finally {
        if (isProbe) isProbing = false
      }
    },
  }
}

interface TimeBound {
  readonly clock: Pick<Clock, 'sleep'>
  readonly ms: number
  /** Subject of the message "… did not answer within 5 ms". */
  readonly what: string
  readonly code?: ErrorCode
}

/**
 * Limits the time that the caller waits for a call that may hang. The call itself continues, and its outcome is
 * ignored.
 *
 * @throws TaskFlowError with `code` (BROKER_UNAVAILABLE by default) if the call has not ended after `ms` milliseconds
 */
export async function withinTime<Result>(
  call: Promise<Result>,
  { clock, ms, what, code = 'BROKER_UNAVAILABLE' }: TimeBound,
): Promise<Result> {
  const answered = new AbortController()
  const timeUp = clock.sleep(ms, answered.signal).then(() => {
    if (answered.signal.aborted) return undefined as never
    throw new TaskFlowError(code, `${what} did not answer within ${ms} ms`)
  })
  try {
    return await Promise.race([call, timeUp])
  } finally {
    answered.abort()
    call.catch(() => {})
    timeUp.catch(() => {})
  }
}
