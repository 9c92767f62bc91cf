import { hostname } from 'node:os'
import type { Pulse, WorkerRequest, WorkStore } from '@taskflow/fleet'
import { type Clock, type Events, type Ids, type PeriodicService, periodic } from '@taskflow/kernel'
import type { TaskId, TaskTypeDefaults, WorkerId } from '@taskflow/tasks'
import type { WorkerSettings } from './settings.ts'

interface Deps {
  readonly storage: Pick<WorkStore, 'registerWorker' | 'heartbeatWorker'>
  readonly clock: Clock
  readonly ids: Ids
  readonly events: Events
  readonly settings: WorkerSettings
  readonly types: readonly TaskTypeDefaults[]
  /** Takes the pulse; `settled` is left out of it again when it could not be brought. */
  takePulse(): Pulse
  onMissedBeat(pulse: Pulse): void
  onCancelled(ids: readonly TaskId[]): void
  /** What operators ask of this worker at present. */
  onAsked(request: WorkerRequest | null): void
  /** Another beat has arrived. */
  onBeat(workerId: WorkerId): void
  /** The leases of the old incarnation are lost. */
  onDeclaredDead(): void
  onError(error: unknown): void
}

/**
 * Keeps this worker alive in the eyes of the others. Beats from the agent's
 * thread, which runs no handler, so a handler that blocks its loop does not look
 * dead. A worker that was declared dead all the same takes a new id and goes on.
 */
export interface Heart extends PeriodicService {
  readonly workerId: WorkerId
  readonly isRegistered: boolean
}

export function heart(deps: Deps): Heart {
  const { storage, clock, ids, events, settings, types, takePulse, onMissedBeat, onDeclaredDead } = deps
  let workerId = ids.next() as WorkerId
  let dead: WorkerId | undefined
  let isRegistered = false

  async function register(): Promise<void> {
    const { project, name, version, labels, queues, slots } = settings
    const names = types.map(({ type }) => type)
    const host = { host: hostname(), pid: process.pid }
    const introduction = { id: workerId, project, name, version, labels, queues, slots, types: names, ...host }
    await storage.registerWorker({ ...introduction, ...(dead && { replaces: dead }) }, types)
    isRegistered = true
    events.emit('worker.registered', { id: workerId })
    if (dead) events.emit('worker.replaced', { id: dead, by: workerId })
    dead = undefined
  }

  async function beat(): Promise<undefined> {
    if (!isRegistered) await register()
    const pulse = takePulse()
    const answer = await storage.heartbeatWorker(workerId, pulse).catch((error: unknown) => {
      onMissedBeat(pulse)
      throw error
    })
    if (!answer.isAlive) {
      onMissedBeat(pulse)
      return startAnew()
    }
    events.emit('worker.heartbeat', { id: workerId, running: pulse.running, loopLagMs: pulse.loopLagMs })
    deps.onCancelled(answer.cancelled)
    deps.onAsked(answer.request)
    deps.onBeat(workerId)
  }

  async function startAnew(): Promise<undefined> {
    onDeclaredDead()
    dead = workerId
    workerId = ids.next() as WorkerId
    isRegistered = false
    await register()
  }

  const beating = periodic({
    name: 'heart',
    clock,
    intervalMs: settings.heartbeatMs,
    round: beat,
    onError: deps.onError,
  })
  return {
    name: beating.name,
    stop: beating.stop,
    wake: beating.wake,
    get workerId() {
      return workerId
    },
    get isRegistered() {
      return isRegistered
    },
    /** Rejects when the worker cannot be registered. */
    async start() {
      await register()
      await beating.start()
    },
  }
}
