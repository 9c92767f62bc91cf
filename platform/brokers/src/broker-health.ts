import { type Clock, circuitBreaker, type Events, hasCode, TaskFlowError } from '@taskflow/kernel'
import type { Broker } from '@taskflow/tasks'

interface Deps {
  readonly broker: Broker
  readonly clock: Clock
  readonly events: Events
}

/** Tracks whether a broker answers, from the result of every call and of regular pings. */
export interface BrokerHealth {
  readonly isAvailable: boolean
  /** Calls back whenever `isAvailable` changes, and on close. Returns a function that unsubscribes. */
  onChange(listener: () => void): () => void
  /**
   * Makes a call. Abandons it after `ms`, or as soon as another call finds the broker lost.
   *
   * @throws BROKER_UNAVAILABLE when the call is abandoned, and at once while the broker is unavailable
   */
  call<Result>(run: () => Promise<Result>, ms: number): Promise<Result>
  close(): Promise<void>
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

/** Watches from the first call on, until it is closed. */
export function brokerHealth({ broker, clock, events }: Deps): BrokerHealth {
  const { name } = broker
  const listeners = new Set<() => void>()
  let isClosed = false
  let watching: Promise<void> | undefined
  let lastError: unknown
  let probeMs = PROBE_MS
  let returnedAt = Number.NEGATIVE_INFINITY

  // While the circuit is open, only pings go through, at their own pace.
  const breaker = circuitBreaker({ clock, failures: FAILURES, openMs: 0, isUnavailable: isUnavailable, onChange })

  function onChange(isAvailable: boolean): void {
    if (isAvailable) onReturn()
    else onLoss()
    notifyListeners()
  }

  function onReturn(): void {
    returnedAt = clock.monotonicMs()
    events.emit('broker.returned', { broker: name })
  }

  function onLoss(): void {
    const wasSteady = clock.monotonicMs() - returnedAt > STEADY_MS
    probeMs = wasSteady ? PROBE_MS : Math.min(LONGEST_PROBE_MS, probeMs * 2)
    events.emit('broker.lost', { broker: name, error: lastError })
  }

  function notifyListeners(): void {
    for (const listener of [...listeners]) listener()
  }

  function subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  const refusal = (): Error =>
    new TaskFlowError('BROKER_UNAVAILABLE', `Broker ${name} is unavailable`, { cause: lastError })

  async function bounded<Result>(call: Promise<Result>, ms: number): Promise<Result> {
    const ended = new AbortController()
    const unsubscribe = subscribe(() => ended.abort())
    const timeUp = clock.sleep(ms, ended.signal).then(() => {
      if (ended.signal.aborted) throw refusal()
      throw new TaskFlowError('BROKER_UNAVAILABLE', `Broker ${name} did not answer within ${ms} ms`)
    })
    try {
      return await Promise.race([call, timeUp])
    } finally {
      unsubscribe()
      ended.abort()
    }
  }

  function attempt<Result>(call: () => Promise<Result>, ms: number): Promise<Result> {
    return breaker.run(async () => {
      try {
        return await bounded(call(), ms)
      } catch (error) {
        if (breaker.isClosed && isUnavailable(error)) lastError = error
        throw error
      }
    }, refusal)
  }

  async function watch(): Promise<void> {
    let hasAnswered = true
    while (!isClosed) {
      const pauseMs = breaker.isClosed ? (hasAnswered ? WATCH_MS : RECHECK_MS) : probeMs
      // The full pause starts over at a change that another call found, as at a change that a ping found.
      if (await isChangedWithin(pauseMs)) continue
      const ping = attempt(() => broker.ping(), breaker.isClosed ? PING_MS : PROBE_PING_MS)
      hasAnswered = await ping.then(
        () => true,
        () => false,
      )
    }
  }

  async function isChangedWithin(ms: number): Promise<boolean> {
    const changed = new AbortController()
    const unsubscribe = subscribe(() => changed.abort())
    await clock.sleep(ms, changed.signal)
    unsubscribe()
    return changed.signal.aborted
  }

  return {
    get isAvailable() {
      return breaker.isClosed
    },
    onChange: subscribe,
    async call(run, ms) {
      watching ??= watch()
      if (!breaker.isClosed || isClosed) throw refusal()
      return attempt(run, ms)
    },
    async close() {
      isClosed = true
      notifyListeners()
      await watching
    },
  }
}
