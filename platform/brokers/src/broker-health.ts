import { CircuitBreaker, type Clock, type Events, hasCode, TaskFlowError } from '@taskflow/kernel'
import type { Broker } from '@taskflow/tasks'

interface Deps {
  readonly broker: Broker
  readonly clock: Clock
  readonly events: Events
}

// A broker that never answers is found lost within 700 + 500 + 100 + 500 ms. Two pings must fail, because a busy process
// may delay one.
const WATCH_MS = 700
const PING_MS = 500
const RECHECK_MS = 100
const FAILURES = 2
const PROBE_MS = 500
const PROBE_PING_MS = 1_000
// A broker that is lost again this soon after its return is probed less and less often, so that its state does not flap.
const STEADY_MS = 10_000
const LONGEST_PROBE_MS = 10_000

export const isUnavailable = (error: unknown): boolean => hasCode(error, 'BROKER_UNAVAILABLE')

/**
 * Tracks whether a broker answers, from the result of every call and of regular pings. Watches from the first call on,
 * until it is closed.
 */
export class BrokerHealth {
  readonly #deps: Deps
  readonly #listeners = new Set<() => void>()
  readonly #breaker: CircuitBreaker
  #isClosed = false
  #watching: Promise<void> | undefined
  #lastError: unknown
  #probeMs = PROBE_MS
  #returnedAt = Number.NEGATIVE_INFINITY

  constructor(deps: Deps) {
    this.#deps = deps
    const onChange = (isAvailable: boolean): void => this.#onChange(isAvailable)
    // While the circuit is open, only pings go through, at their own pace.
    this.#breaker = new CircuitBreaker({ clock: deps.clock, failures: FAILURES, openMs: 0, isUnavailable, onChange })
  }

  get isAvailable(): boolean {
    return this.#breaker.isClosed
  }

  /** Calls back whenever `isAvailable` changes, and on close. Returns a function that unsubscribes. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /**
   * Makes a call. Abandons it after `ms`, or as soon as another call finds the broker lost.
   *
   * @throws BROKER_UNAVAILABLE when the call is abandoned, and at once while the broker is unavailable
   */
  async call<Result>(run: () => Promise<Result>, ms: number): Promise<Result> {
    this.#watching ??= this.#watch()
    if (!this.#breaker.isClosed || this.#isClosed) throw this.#refusal()
    return this.#attempt(run, ms)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#notifyListeners()
    await this.#watching
  }

  #onChange(isAvailable: boolean): void {
    if (isAvailable) this.#onReturn()
    else this.#onLoss()
    this.#notifyListeners()
  }

  #onReturn(): void {
    const { broker, clock, events } = this.#deps
    this.#returnedAt = clock.monotonicMs()
    events.emit('broker.returned', { broker: broker.name })
  }

  #onLoss(): void {
    const { broker, clock, events } = this.#deps
    const wasSteady = clock.monotonicMs() - this.#returnedAt > STEADY_MS
    this.#probeMs = wasSteady ? PROBE_MS : Math.min(LONGEST_PROBE_MS, this.#probeMs * 2)
    events.emit('broker.lost', { broker: broker.name, error: this.#lastError })
  }

  #notifyListeners(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  #refusal(): Error {
    const message = `Broker ${this.#deps.broker.name} is unavailable`
    return new TaskFlowError('BROKER_UNAVAILABLE', message, { cause: this.#lastError })
  }

  #attempt<Result>(call: () => Promise<Result>, ms: number): Promise<Result> {
    return this.#breaker.run(
      async () => {
        try {
          return await this.#bounded(call(), ms)
        } catch (error) {
          if (this.#breaker.isClosed && isUnavailable(error)) this.#lastError = error
          throw error
        }
      },
      () => this.#refusal(),
    )
  }

  async #bounded<Result>(call: Promise<Result>, ms: number): Promise<Result> {
    const { broker, clock } = this.#deps
    const ended = new AbortController()
    const unsubscribe = this.onChange(() => ended.abort())
    const timeUp = clock.sleep(ms, ended.signal).then(() => {
      if (ended.signal.aborted) throw this.#refusal()
      throw new TaskFlowError('BROKER_UNAVAILABLE', `Broker ${broker.name} did not answer within ${ms} ms`)
    })
    try {
      return await Promise.race([call, timeUp])
    } finally {
      unsubscribe()
      ended.abort()
    }
  }

  async #watch(): Promise<void> {
    const { broker } = this.#deps
    let hasAnswered = true
    while (!this.#isClosed) {
      const { isClosed } = this.#breaker
      const pauseMs = isClosed ? (hasAnswered ? WATCH_MS : RECHECK_MS) : this.#probeMs
      // The full pause starts over at a change that another call found, as at a change that a ping found.
      if (await this.#isChangedWithin(pauseMs)) continue
      const ping = this.#attempt(() => broker.ping(), this.#breaker.isClosed ? PING_MS : PROBE_PING_MS)
      hasAnswered = await ping.then(
        () => true,
        () => false,
      )
    }
  }

  async #isChangedWithin(ms: number): Promise<boolean> {
    const changed = new AbortController()
    const unsubscribe = this.onChange(() => changed.abort())
    await this.#deps.clock.sleep(ms, changed.signal)
    unsubscribe()
    return changed.signal.aborted
  }
}
