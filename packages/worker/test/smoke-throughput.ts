/**
 * Prints how many no-op tasks a second go through a worker whose storage answers
 * at once, or after a pause (first argument, in milliseconds), with so many slots
 * (second argument). Run by hand: node packages/worker/test/smoke-throughput.ts 2 500
 */
import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import type { TaskFlowEvents } from '@taskflow/core'
import { uuidV7Ids } from '@taskflow/core'
import { worker } from '../src/index.ts'
import { FakeBroker } from './fake-broker.ts'
import { FakeWorkStore, lease } from './fake-work-store.ts'
import { systemClock } from './system-clock.ts'

const COUNT = 50_000
const [pauseMs = 0, slots = 100] = process.argv.slice(2).map(Number)

class SlowStore extends FakeWorkStore {
  override async claimTasks(request: Parameters<FakeWorkStore['claimTasks']>[0]) {
    if (pauseMs > 0) await systemClock.sleep(pauseMs)
    return super.claimTasks(request)
  }
}

const storage = new SlowStore()
const broker = new FakeBroker()
const events = new EventEmitter<TaskFlowEvents>()
const ignore = (): void => {}
const subject = worker({
  storage,
  broker,
  wakeups: { on: async () => async () => {} },
  clock: systemClock,
  ids: uuidV7Ids(systemClock, Math.random),
  random: Math.random,
  events,
  log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  settings: {
    project: 'default',
    name: 'smoke',
    labels: {},
    version: '0.0.0',
    queues: ['default'],
    slots,
    tasks: join(import.meta.dirname, '../fixtures/tasks'),
  },
})
await subject.start()

for (let round = 0; round < 5; round++) {
  storage.queued.push(...Array.from({ length: COUNT }, () => lease('noop', { n: 'x'.repeat(90) })))
  const before = process.cpuUsage()
  const startedAt = performance.now()
  const done = new Promise<void>((resolve) => {
    let settled = 0
    const count = (): void => {
      if (++settled < COUNT) return
      events.off('task.settled', count)
      resolve()
    }
    events.on('task.settled', count)
  })
  broker.tell()
  await done
  const seconds = (performance.now() - startedAt) / 1_000
  const { user, system } = process.cpuUsage(before)
  const cpu = ((user + system) / COUNT).toFixed(1)
  console.log(`${Math.round(COUNT / seconds)} tasks/s, ${cpu} µs of CPU each, ${storage.claims.length} claims`)
  storage.settlements.length = 0
  storage.claims.length = 0
}
await subject.stop()
