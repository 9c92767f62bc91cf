import type { Pulse, WorkStore } from '@taskflow/fleet'
import { type Clock, type Events, type PeriodicService, periodic } from '@taskflow/kernel'
import type { Settler } from './attempts/settler.ts'
import type { Slots } from './attempts/slots.ts'
import type { Stopper } from './attempts/stopper.ts'
import type { FetchLoop } from './fetching/fetch-loop.ts'
import type { LeakedLeases } from './fetching/leaked-leases.ts'
import type { OperatorRequests } from './operator-requests.ts'
import type { SharedRunner } from './placement/shared-runner.ts'
import type { Registration } from './registration.ts'

interface Deps {
  readonly storage: Pick<WorkStore, 'heartbeatWorker'>
  readonly clock: Clock
  readonly events: Events
  readonly intervalMs: number
  readonly registration: Registration
  readonly slots: Pick<Slots, 'size'>
  readonly shared: Pick<SharedRunner, 'current'>
  readonly settler: Pick<Settler, 'tallies'>
  readonly fetchLoop: Pick<FetchLoop, 'sinceFetchMs'>
  readonly stopper: Pick<Stopper, 'cancel' | 'dropAll'>
  readonly requests: Pick<OperatorRequests, 'apply'>
  readonly leaked: Pick<LeakedLeases, 'onHeartbeat'>
  onError(error: unknown): void
}

/**
 * Sends the heartbeats of this worker and applies their answers: cancelled tasks, requests of operators, the loss of
 * this worker. Heartbeats come from the agent's thread, which runs no handler, so that a handler that blocks its loop
 * does not make the worker look lost.
 */
export interface HeartbeatSender extends PeriodicService {
  /** Registers this worker first; rejects when it cannot. */
  start(): Promise<void>
  /** Sends the news that this process stops, at once and with each later heartbeat. */
  announceStop(): void
}

export function heartbeatSender(deps: Deps): HeartbeatSender {
  const { storage, clock, events, intervalMs, registration, settler, stopper, requests, leaked, onError } = deps
  let isStopping = false

  const takePulse = (): Pulse => ({
    running: deps.slots.size,
    loopLagMs: Math.round(deps.shared.current.lagMs()),
    sinceFetchMs: Math.round(deps.fetchLoop.sinceFetchMs()),
    // The state of this process only: storage knows what operators requested.
    state: isStopping ? 'draining' : 'active',
    settled: settler.tallies.take(),
  })

  async function continueAsNext(): Promise<undefined> {
    stopper.dropAll()
    registration.renew()
    await registration.register()
  }

  async function beat(): Promise<undefined> {
    if (!registration.isRegistered) await registration.register()
    const { workerId } = registration
    const pulse = takePulse()
    const answer = await storage.heartbeatWorker(workerId, pulse).catch((error: unknown) => {
      settler.tallies.restore(pulse.settled)
      throw error
    })
    if (!answer.isAlive) {
      settler.tallies.restore(pulse.settled)
      return continueAsNext()
    }
    events.emit('worker.heartbeat', { id: workerId, running: pulse.running, loopLagMs: pulse.loopLagMs })
    stopper.cancel(answer.cancelled)
    requests.apply(answer.request)
    void leaked.onHeartbeat(workerId)
  }

  const beating = periodic({ name: 'heartbeat', clock, intervalMs, round: beat, onError })
  return {
    ...beating,
    async start() {
      await registration.register()
      await beating.start()
    },
    announceStop() {
      isStopping = true
      beating.wake()
    },
  }
}
