import type { Clock } from '@taskflow/kernel'
import type { TaskTypeIntroduction } from '../protocol.ts'
import type { RunnerHandle } from './runner-handle.ts'

// How often the loop of handlers is asked for a sign of life.
const PING_MS = 500
const PAUSE_MS = { first: 50, last: 2_000 } as const

interface Options {
  readonly clock: Clock
  open(): RunnerHandle
  /** A replacement could not load the modules that its predecessor had loaded; it is tried again. */
  onFailedStart(error: unknown): void
}

/** The thread that all attempts without isolation share: there is always one, or one on its way. */
export interface SharedRunner {
  start(): Promise<readonly TaskTypeIntroduction[]>
  readonly current: RunnerHandle
  readonly isReady: boolean
  /** Resolves once the present runner has loaded its modules. */
  whenReady(): Promise<void>
  /** Starts another in its place; the caller has dealt with the attempts in it. */
  replace(): void
  stop(): Promise<void>
}

export function sharedRunner({ clock, open, onFailedStart }: Options): SharedRunner {
  const stopping = new AbortController()
  let current = open()
  let ready = Promise.resolve()
  let isReady = true

  async function untilReady(): Promise<void> {
    for (
      let pauseMs: number = PAUSE_MS.first;
      !stopping.signal.aborted;
      pauseMs = Math.min(pauseMs * 2, PAUSE_MS.last)
    ) {
      isReady = (await current.ready.then(() => true, onFailedStart)) === true
      if (isReady || stopping.signal.aborted) return
      await clock.sleep(pauseMs, stopping.signal)
      void current.kill()
      current = open()
    }
  }

  async function pingNowAndThen(): Promise<void> {
    while (!stopping.signal.aborted) {
      current.ping()
      await clock.sleep(PING_MS, stopping.signal)
    }
  }

  return {
    async start() {
      const types = await current.ready
      void pingNowAndThen()
      return types
    },
    get current() {
      return current
    },
    get isReady() {
      return isReady
    },
    whenReady: () => ready,
    replace() {
      void current.kill()
      if (stopping.signal.aborted) return
      current = open()
      isReady = false
      ready = untilReady()
    },
    async stop() {
      stopping.abort()
      await current.kill()
    },
  }
}
