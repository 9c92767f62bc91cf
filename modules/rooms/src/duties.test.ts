import { EventEmitter } from 'node:events'
import type { OrphanedLease } from '@taskflow/fleet'
import { queueCounter, rescuer } from '@taskflow/fleet/duties'
import type { TaskFlowEvents } from '@taskflow/kernel'
import { FALLBACK_PAUSE_MS } from '@taskflow/kernel'
import { expirer, promoter, retention, vacuum } from '@taskflow/tasks/duties'
import { eventually, handClock, newTaskId, newWorkerId, nextEvents, strangeLeaseId } from '@taskflow/testing'
import { afterEach, expect, test } from 'vitest'

const lease: OrphanedLease = {
  taskId: newTaskId(),
  leaseId: strangeLeaseId(),
  workerId: newWorkerId(),
  attempt: 1,
  maxAttempts: 5,
  crashCount: 0,
}

let stop = async () => {}
afterEach(() => stop())

function setup() {
  const clock = handClock()
  const events = new EventEmitter<TaskFlowEvents>()
  return { clock, events }
}

test('the expirer processes all full batches in one round', async () => {
  const { clock, events } = setup()
  const counts = [500, 500, 3]
  const service = expirer({ clock, events, storage: { expireTasks: async () => counts.shift() ?? 0 } })
  stop = service.stop
  const expired = nextEvents(events, 'tasks.expired', { count: 3 })
  await service.start()
  expect(await expired).toEqual([{ count: 500 }, { count: 500 }, { count: 3 }])
})

test.each([
  ['expirer', 500, expirer],
  ['promoter', 1_000, promoter],
  ['rescuer', 500, rescuer],
] as const)('the %s ends a round between batches of %i once leadership is lost', async (_, batch, duty) => {
  const { clock, events } = setup()
  let batches = 0
  let isLeading = true
  async function work() {
    batches++
    isLeading = false
    return batch
  }
  const storage = {
    expireTasks: work,
    promoteTasks: async () => ({ promoted: await work(), nextDueInMs: 0 }),
    listSilentWorkers: async () => [],
    markWorkersLost: async () => [],
    listOrphanedLeases: async () => Array.from({ length: await work() }, () => lease),
    settleTasks: async () => ['settled' as const],
  }
  const service = duty({ clock, events, storage, isLeading: () => isLeading })
  stop = service.stop
  const round = nextEvents(events, 'round.succeeded')
  await service.start()
  await round
  expect(batches).toBe(1)
})

test('the expirer reports nothing when nothing expired', async () => {
  const { clock, events } = setup()
  const seen: number[] = []
  events.on('tasks.expired', ({ count }) => seen.push(count))
  const service = expirer({ clock, events, storage: { expireTasks: async () => 0 } })
  stop = service.stop
  const rounds = nextEvents(events, 'round.succeeded', { count: 3 })
  await service.start()
  for (let round = 0; round < 2; round++) {
    await eventually(() => clock.sleepers === 1)
    await clock.advance(FALLBACK_PAUSE_MS)
  }
  await rounds
  expect(seen).toEqual([])
})

test.each([
  ['queueCounter', 1_000, queueCounter],
  ['vacuum', 10_000, vacuum],
] as const)('%s pauses for %i ms, or for fifty times the duration of its work', async (_, minimumMs, duty) => {
  const { clock, events } = setup()
  const works = [0, 1_000, 0]
  let rounds = 0
  const work = async () => {
    const workMs = works[rounds++] ?? 0
    if (workMs > 0) await clock.advance(workMs)
    return 1
  }
  const service = duty({ clock, events, storage: { countQueues: work, vacuumTables: async () => void (await work()) } })
  stop = service.stop
  const first = nextEvents(events, 'round.succeeded')
  await service.start()
  await first
  await clock.advance(minimumMs - 1)
  expect(rounds).toBe(1)
  const second = nextEvents(events, 'round.succeeded')
  await clock.advance(1)
  await second
  await clock.advance(50_000 - 1)
  expect(rounds).toBe(2)
  await clock.advance(1_000)
  expect(rounds).toBe(3)
})

test('the queue counter slows down while no count changes, and counts each second after a change', async () => {
  const { clock, events } = setup()
  const changes = [0, 0, 0, 0, 3]
  const countQueues = async () => changes.shift() ?? 0
  const service = queueCounter({ clock, events, storage: { countQueues } })
  stop = service.stop
  const pauses: number[] = []
  const first = nextEvents(events, 'round.succeeded')
  await service.start()
  await first
  for (let round = 0; round < 5; round++) {
    await eventually(() => clock.sleepers === 1)
    const next = nextEvents(events, 'round.succeeded')
    const startedMs = clock.monotonicMs()
    let isDone = false
    void next.then(() => {
      isDone = true
    })
    while (!isDone) await clock.advance(500)
    pauses.push(clock.monotonicMs() - startedMs)
  }
  expect(pauses).toEqual([2_000, 4_000, 5_000, 5_000, 1_000])
})

test('retention reports the partitions that it dropped, and nothing when it dropped none', async () => {
  const { clock, events } = setup()
  const days = [['20260101', '20260102'], []]
  const seen: (readonly string[])[] = []
  events.on('partitions.dropped', ({ names }) => seen.push(names))
  const service = retention({
    clock,
    events,
    storage: { applyRetention: async () => ({ droppedPartitions: days.shift() ?? [] }) },
  })
  stop = service.stop
  const rounds = nextEvents(events, 'round.succeeded', { count: 2 })
  await service.start()
  await clock.advance(600_000)
  await rounds
  expect(seen).toEqual([['20260101', '20260102']])
})

test('reports a failed round and runs the next one', async () => {
  const { clock, events } = setup()
  const outcomes = [() => Promise.reject(new Error('unavailable')), async () => 7]
  const service = expirer({ clock, events, storage: { expireTasks: () => (outcomes.shift() ?? (async () => 0))() } })
  stop = service.stop
  const failed = nextEvents(events, 'round.failed')
  const expired = nextEvents(events, 'tasks.expired')
  await service.start()
  expect(await failed).toMatchObject([{ service: 'expirer', error: { message: 'unavailable' } }])
  await clock.advance(FALLBACK_PAUSE_MS)
  expect(await expired).toEqual([{ count: 7 }])
})
