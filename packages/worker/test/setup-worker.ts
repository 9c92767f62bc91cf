import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { type TaskFlowEvents, uuidV7Ids, type Wakeups, type WakeupTopic } from '@taskflow/kernel'
import type { Lease, Verdict } from '@taskflow/tasks'
import { PROJECT } from '@taskflow/testing/factories'
import { systemClock } from '@taskflow/testing/system-clock'
import { eventually } from '@taskflow/testing/wait'
import { onTestFinished } from 'vitest'
import { machineChannels, type WorkerOptions, worker } from '../src/index.ts'
import { FakeBroker } from './fake-broker.ts'
import { FakeWorkStore } from './fake-work-store.ts'

export const FIXTURES = join(import.meta.dirname, '../fixtures')

/** A worker over fakes of our own ports, with real runners. The end of the test stops the worker. */
export function setupWorker(settings: Partial<WorkerOptions> = {}) {
  const storage = new FakeWorkStore()
  const broker = new FakeBroker()
  const events = new EventEmitter<TaskFlowEvents>()
  const listeners = new Map<WakeupTopic, (detail: string) => void>()
  const logged: { detail: object; message: string }[] = []
  const write = (detail: object, message: string): void => void logged.push({ detail, message })
  const wakeups: Wakeups = {
    async on(topic, listener) {
      listeners.set(topic, listener)
      return async () => void listeners.delete(topic)
    },
  }
  const subject = worker({
    storage,
    broker,
    wakeups,
    channels: machineChannels,
    clock: systemClock,
    databaseClock: { now: () => new Date(), at: (local) => local },
    ids: uuidV7Ids(systemClock, Math.random),
    random: () => 0.5,
    events,
    log: { debug: write, info: write, warn: write, error: write },
    settings: {
      project: PROJECT,
      name: 'test',
      labels: {},
      version: '0.0.0',
      queues: ['default'],
      tasks: join(FIXTURES, 'tasks'),
      heartbeatMs: 50,
      drainMs: 200,
      killGraceMs: 150,
      ...settings,
    },
  })
  onTestFinished(() => subject.stop())

  function submit<const Leases extends readonly Lease[]>(...leases: Leases): Leases {
    storage.queued.push(...leases)
    broker.offer()
    return leases
  }

  return {
    worker: subject,
    storage,
    broker,
    events,
    wakeups,
    logged,
    wake: (topic: WakeupTopic, detail: string) => listeners.get(topic)?.(detail),
    submit,
    /** Submits tasks and resolves with the verdict that storage received for each of them. */
    async settle(...leases: Lease[]): Promise<Verdict[]> {
      submit(...leases)
      return Promise.all(
        leases.map(({ taskId, type }) =>
          eventually(() => storage.verdictOf(taskId), { timeoutMs: 10_000, what: `the settlement of ${type}` }),
        ),
      )
    },
    hasLogged: (message: string) => eventually(() => storage.lines.some((line) => line.message === message)),
  }
}
