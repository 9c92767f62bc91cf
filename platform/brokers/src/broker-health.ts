import { type Clock, circuitBreaker, type Events, hasCode, TaskFlowError } from '@taskflow/kernel'
import type { Broker } from '@taskflow/tasks'

interface Deps {
  readonly broker: Broker
  readonly clock: Clock
  readonly events: Events
}

/** Whether a broker answers, as every call to it finds, and a ping now and then. */
export interface BrokerHealth {
  readonly isThere: boolean
  /** Calls back whenever that changes, and when it is closed. Returns the way to stop. */
  onChange(listener: () => void): () => void
  /**
   * Makes a call, and gives it up when it takes longer, or as soon as the broker is found lost by another.
   *
   * @throws BROKER_UNAVAILABLE then, and at once while the broker is away
   */
  ask<Result>(call: () => Promise<Result>, ms: number): Promise<Result>
  close(): Promise<void>
}

// A broker that swallows what it is sent is found lost within 700 + 500 + 100 + 500 ms: by two pings, because one may
// be late for reasons of this process's own.
const WATCH_MS = 700
const PING_MS = 500
const RECHECK_MS = 100
const FAILURES = 2
const PROBE_MS = 500
const PROBE_PING_MS = 1_000
// One that is lost again so soon after it returned is asked ever more seldom, so that it does not come and go twice a second.
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

  // While it is open only the pings go through, at their own pace.
  const breaker = circuitBreaker({ clock, failures: FAILURES, openMs: 0, isUnavailable: isUnavailable, onChange })

  function onChange(isThere: boolean): void {
    if (isThere) onReturn()
    else onLoss()
    tellOfChange()
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

  function tellOfChange(): void {
    for (const listener of [...listeners]) listener()
  }

  function subscribe(listener: () => void): () => void {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  const refusal = (): Error => new TaskFlowError('BROKER_UNAVAILABLE', `Broker ${name} is away`, { cause: lastError })

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
      // From a loss that another call found it takes its time, like from one that it found itself.
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
    get isThere() {
      return breaker.isClosed
    },
    onChange: subscribe,
    async ask(call, ms) {
      watching ??= watch()
      if (!breaker.isClosed || isClosed) throw refusal()
      return attempt(call, ms)
    },
    async close() {
      isClosed = true
      tellOfChange()
      await watching
    },
  }
}
