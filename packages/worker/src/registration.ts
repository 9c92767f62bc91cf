import { hostname } from 'node:os'
import type { WorkStore } from '@taskflow/fleet'
import type { Events, Ids } from '@taskflow/kernel'
import type { TaskTypeDefaults, WorkerId } from '@taskflow/tasks'
import type { WorkerSettings } from './settings.ts'

interface Deps {
  readonly storage: Pick<WorkStore, 'registerWorker'>
  readonly ids: Ids
  readonly events: Events
  readonly settings: Pick<WorkerSettings, 'project' | 'name' | 'version' | 'labels' | 'slots' | 'queues'>
  readonly types: readonly TaskTypeDefaults[]
}

/**
 * The identity of this worker in storage. A worker that was marked lost, though it lives, continues as another
 * incarnation: under a new id, with a reference to the old one.
 */
export interface Registration {
  readonly workerId: WorkerId
  readonly isRegistered: boolean
  /** Registers the current incarnation; rejects when storage does not answer. */
  register(): Promise<void>
  /** Begins the next incarnation, which the caller then registers. */
  renew(): void
}

export function registration({ storage, ids, events, settings, types }: Deps): Registration {
  const { project, name, version, labels, queues, slots } = settings
  let workerId = ids.next() as WorkerId
  let lostId: WorkerId | undefined
  let isRegistered = false

  return {
    get workerId() {
      return workerId
    },
    get isRegistered() {
      return isRegistered
    },
    async register() {
      const names = types.map(({ type }) => type)
      const host = { host: hostname(), pid: process.pid }
      const introduction = { id: workerId, project, name, version, labels, queues, slots, types: names, ...host }
      await storage.registerWorker({ ...introduction, ...(lostId && { replaces: lostId }) }, types)
      isRegistered = true
      events.emit('worker.registered', { id: workerId })
      if (lostId) events.emit('worker.replaced', { id: lostId, by: workerId })
      lostId = undefined
    },
    renew() {
      lostId = workerId
      workerId = ids.next() as WorkerId
      isRegistered = false
    },
  }
}
