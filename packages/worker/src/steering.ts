import type { WorkerRequest } from '@taskflow/fleet'
import type { Clock } from '@taskflow/kernel'
import type { FetchLoop } from './fetch-loop.ts'
import type { Log } from './log.ts'

interface Deps {
  readonly fetching: Pick<FetchLoop, 'start' | 'rest'>
  readonly clock: Clock
  readonly log: Log
  /** How long running attempts may go on once the worker is asked to drain. */
  readonly drainMs: number
  /** Hands back what waits for a slot. */
  releaseWaiting(): void
  /** Asks what still runs to stop, and hands it back. */
  drain(): void
}

/**
 * Does what operators ask of this worker. Cordoned it takes nothing more, and what runs goes on; drained it also
 * hands back what has not ended in time, without using an attempt. It stays registered, and once nothing is asked
 * any more it takes tasks again; attempts that were told to stop by then are not called back.
 *
 * Takes nothing before it has heard for the first time what is asked.
 */
export interface Steering {
  /** Called with the answer to each heartbeat. */
  heed(request: WorkerRequest | null): void
  readonly request: WorkerRequest | null
  stop(): void
}

export function steering({ fetching, clock, log, drainMs, releaseWaiting, drain }: Deps): Steering {
  let heeded: WorkerRequest | null | undefined
  let patience = new AbortController()
  let isStopped = false

  async function drainInTime({ signal }: AbortController): Promise<void> {
    await clock.sleep(drainMs, signal)
    if (!signal.aborted) drain()
  }

  return {
    heed(request) {
      if (request === heeded || isStopped) return
      patience.abort()
      patience = new AbortController()
      if (request === null) fetching.start()
      else {
        fetching.rest()
        releaseWaiting()
      }
      if (request === 'drain') void drainInTime(patience)
      if (request !== null) log.info({ request }, 'The worker takes no more tasks, as it was asked')
      else if (heeded !== undefined) log.info({}, 'The worker takes tasks again, as it was asked')
      heeded = request
    },
    get request() {
      return heeded ?? null
    },
    stop() {
      isStopped = true
      patience.abort()
    },
  }
}
