import type { Clock } from './clock.ts'
import { type ErrorCode, TaskFlowError } from './errors.ts'

export interface CircuitBreakerOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** So many failures in a row open it. */
  readonly failures: number
  /** How long it stays open before one call is let through to see. */
  readonly openMs: number
  /** Whether an error says that the dependency is away; others pass and count as an answer. */
  isAway(error: unknown): boolean
  /**
   * For how many failures in a row such an error stands: for one where absent, for none when it says nothing after
   * all (the call was waiting in line on this side, say), for all of them when it alone is proof.
   */
  weigh?(error: unknown): number
  /** Called at each change: true when calls go through again. */
  onChange?(isClosed: boolean): void
}

/**
 * Keeps calls from a dependency that is away, so that each does not wait for its
 * own time-out (Nygard, "Release It!").
 *
 *     closed ─failures in a row─▶ open ─openMs─▶ half-open ─answer──▶ closed
 *                                   ▲               └─────failure──▶ open
 *
 * Half-open, one call goes through and the others are refused until it is back.
 *
 * A failure is news only when nothing was answered since its call began: calls that were under way when a dependency
 * went may fail long after it returned.
 */
export interface CircuitBreaker {
  readonly isClosed: boolean
  /** Whether a call made now would go through. */
  readonly isWilling: boolean
  /** Runs the call; throws what it throws, or `refusal()` without running it. */
  run<Result>(call: () => Promise<Result>, refusal: () => Error): Promise<Result>
}

export function circuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { clock, failures, openMs, isAway, weigh = () => 1, onChange } = options
  let failed = 0
  let answers = 0
  let openUntil: number | undefined
  let isProbing = false

  const isWilling = (): boolean => openUntil === undefined || (!isProbing && clock.monotonicMs() >= openUntil)

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
    get isWilling() {
      return isWilling()
    },
    async run(call, refusal) {
      if (!isWilling()) throw refusal()
      const isProbe = openUntil !== undefined
      const answersBefore = answers
      if (isProbe) isProbing = true
      try {
        const result = await call()
        onAnswer()
        return result
      } catch (error) {
        if (!isAway(error)) onAnswer()
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
  /** Begins "… did not answer". */
  readonly what: string
  readonly code?: ErrorCode
}

/**
 * Bounds a call that may hang. The call itself goes on, and what becomes of it is not heard.
 *
 * @throws BROKER_UNAVAILABLE, or what `code` says, when the time is up before
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
