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
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions
  #failed = 0
  #answers = 0
  #openUntil: number | undefined
  #isProbing = false

  constructor(options: CircuitBreakerOptions) {
    this.#options = options
  }

  get isClosed(): boolean {
    return this.#openUntil === undefined
  }

  /** Whether a call made now would go through. */
  get isAccepting(): boolean {
    const { clock } = this.#options
    return this.#openUntil === undefined || (!this.#isProbing && clock.monotonicMs() >= this.#openUntil)
  }

  /** Runs the call and throws what the call throws. An open breaker throws `refusal()` without running the call. */
  async run<Result>(call: () => Promise<Result>, refusal: () => Error): Promise<Result> {
    const { isUnavailable, weigh = () => 1 } = this.#options
    if (!this.isAccepting) throw refusal()
    const isProbe = this.#openUntil !== undefined
    const answersBefore = this.#answers
    if (isProbe) this.#isProbing = true
    try {
      const result = await call()
      this.#onAnswer()
      return result
    } catch (error) {
      if (!isUnavailable(error)) this.#onAnswer()
      else if (this.#answers === answersBefore && (isProbe || this.#openUntil === undefined))
        this.#onFailure(weigh(error))
      throw error
    } finally {
      if (isProbe) this.#isProbing = false
    }
  }

  #onAnswer(): void {
    this.#answers++
    this.#failed = 0
    if (this.#openUntil === undefined) return
    this.#openUntil = undefined
    this.#options.onChange?.(true)
  }

  #onFailure(weight: number): void {
    const { clock, failures, openMs, onChange } = this.#options
    this.#failed += weight
    if (weight === 0 || this.#failed < failures) return
    const wasClosed = this.#openUntil === undefined
    this.#openUntil = clock.monotonicMs() + openMs
    if (wasClosed) onChange?.(false)
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
