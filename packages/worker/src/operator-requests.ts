import type { WorkerRequest } from '@taskflow/fleet'
import type { Clock } from '@taskflow/kernel'
import type { Admission } from './attempts/admission.ts'
import type { Stopper } from './attempts/stopper.ts'
import type { ClaimedLeases } from './fetching/claimed-leases.ts'
import type { FetchLoop } from './fetching/fetch-loop.ts'
import type { Log } from './log.ts'

interface Deps {
  readonly fetchLoop: Pick<FetchLoop, 'start' | 'pause'>
  readonly leases: Pick<ClaimedLeases, 'open' | 'close'>
  readonly admission: Pick<Admission, 'releaseWaiting'>
  readonly stopper: Pick<Stopper, 'drain'>
  readonly clock: Clock
  readonly log: Log
  /** How long running attempts may go on after a request to drain, in milliseconds. */
  readonly drainMs: number
}

/**
 * Applies the requests of operators. A cordoned worker takes no more tasks and lets its attempts go on; a worker that
 * drains also stops the attempts that have not ended in time and releases their tasks. Both stay registered, and take
 * tasks again once the request is withdrawn. An attempt that was stopped by then stays stopped.
 *
 * The worker takes no task before it knows whether a request stands.
 */
export interface OperatorRequests {
  /** Called with the request that stands at each heartbeat. */
  apply(request: WorkerRequest | null): void
  readonly current: WorkerRequest | null
  stop(): void
}

export function operatorRequests(deps: Deps): OperatorRequests {
  const { fetchLoop, leases, admission, stopper, clock, log, drainMs } = deps
  let current: WorkerRequest | null | undefined
  let waiting = new AbortController()
  let isStopped = false

  async function drainAfterWait({ signal }: AbortController): Promise<void> {
    await clock.sleep(drainMs, signal)
    if (!signal.aborted) stopper.drain()
  }

  function resume(): void {
    leases.open()
    fetchLoop.start()
    if (current !== undefined) log.info({}, 'The worker claims tasks again, because the request was withdrawn')
  }

  function hold(request: WorkerRequest): void {
    fetchLoop.pause()
    if (request === 'drain') leases.close()
    else leases.open()
    admission.releaseWaiting()
    if (request === 'drain') void drainAfterWait(waiting)
    log.info({ request }, 'The worker takes no more tasks, as an operator requested')
  }

  return {
    apply(request) {
      if (request === current || isStopped) return
      waiting.abort()
      waiting = new AbortController()
      if (request === null) resume()
      else hold(request)
      current = request
    },
    get current() {
      return current ?? null
    },
    stop() {
      isStopped = true
      waiting.abort()
    },
  }
}
