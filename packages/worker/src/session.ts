import type { WorkStore } from '@taskflow/fleet'
import type { Clock, Events } from '@taskflow/kernel'
import type { WorkerId } from '@taskflow/tasks'
import type { Execution } from './attempts/build-execution.ts'
import type { Fetching } from './fetching/build-fetching.ts'
import type { HeartbeatSender } from './heartbeat-sender.ts'
import type { OperatorRequests } from './operator-requests.ts'
import { waitUntil } from './wait-until.ts'
import type { SessionContext } from './worker-deps.ts'
import type { WorkerHealth } from './worker-health.ts'

interface Deps extends Execution, Fetching, SessionContext {
  readonly storage: Pick<WorkStore, 'deregisterWorker'>
  readonly clock: Clock
  readonly events: Events
  readonly drainMs: number
  readonly killGraceMs: number
  readonly requests: OperatorRequests
  readonly heartbeats: HeartbeatSender
  /** Ends the listening to wake-ups. */
  unlisten(): Promise<void>
}

// The stopper ends the last attempts at the end of the grace, at its next round.
const STOPPER_MARGIN_MS = 1_000
// For settlements that the database does not answer while the worker stops; the rescuer takes those tasks back.
const SETTLE_MS = 5_000

/** One run of a worker, from its start to its stop. */
export class Session {
  readonly #deps: Deps
  #isStopping = false

  constructor(deps: Deps) {
    this.#deps = deps
  }

  get workerId(): WorkerId {
    return this.#deps.registration.workerId
  }

  get health(): WorkerHealth {
    const { fetchLoop, loopWatch, shared } = this.#deps
    return {
      state: this.#state(),
      sinceFetchMs: fetchLoop.sinceFetchMs(),
      blockedMs: loopWatch.blockedMs,
      startingMs: shared.startingMs,
      loadingModule: shared.current.loadingModule,
    }
  }

  /** Takes nothing more, releases the attempts that do not end in time, and deregisters the worker. */
  async stop(): Promise<void> {
    const { requests, leases, heartbeats, fetchLoop, admission } = this.#deps
    this.#isStopping = true
    requests.stop()
    leases.close()
    heartbeats.announceStop()
    await fetchLoop.stop()
    admission.releaseWaiting()
    await this.#drain()
    await this.#leave()
  }

  #state(): WorkerHealth['state'] {
    const { requests, registration, shared } = this.#deps
    if (this.#isStopping || requests.current === 'drain') return 'draining'
    if (!registration.isRegistered) return 'registering'
    if (requests.current === 'cordon') return 'cordoned'
    return shared.isReady ? 'active' : 'loading'
  }

  async #drain(): Promise<void> {
    const { clock, slots, settler, stopper, drainMs, killGraceMs, ending } = this.#deps
    const isEmpty = { isMet: () => slots.size === 0, change: slots.change }
    const isSettled = { isMet: () => settler.pending === 0, change: settler.change }
    await waitUntil(clock, { ...isEmpty, timeoutMs: drainMs })
    stopper.drain()
    await waitUntil(clock, { ...isEmpty, timeoutMs: killGraceMs + STOPPER_MARGIN_MS })
    await waitUntil(clock, { ...isSettled, timeoutMs: SETTLE_MS })
    ending.abort()
  }

  async #leave(): Promise<void> {
    const { heartbeats, storage, events, settler, shared, isolated, loopWatch, stopper, unlisten, onError } = this.#deps
    await heartbeats.stop()
    // Read now: the last heartbeat may have found this worker lost.
    const { workerId: id } = this
    await storage.deregisterWorker(id).catch(onError)
    await Promise.all([unlisten(), shared.stop(), isolated.stop()])
    loopWatch.stop()
    stopper.stop()
    events.emit('worker.stopped', { id, released: settler.released })
  }
}
