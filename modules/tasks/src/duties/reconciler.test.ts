import { EventEmitter } from 'node:events'
import { TaskFlowError, type TaskFlowEvents } from '@taskflow/kernel'
import {
  claimBy,
  emptyDatabase,
  engines,
  handClock,
  moveTime,
  newTask,
  nextEvents,
  settled,
  submissionOf,
  useStorage,
} from '@taskflow/testing'
import { startWorker } from '@taskflow/testing/task-in-state'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Dispatch, Subqueue } from '../dispatch/broker.ts'
import type { Priority } from '../domain/priority.ts'
import type { TaskId } from '../domain/task.ts'
import { reconciler, reconcileWhenReturned } from './reconciler.ts'

const keyOf = ({ queue, priority }: Subqueue): string => `${queue} ${priority}`

function subqueueOf(queue = 'default', priority: Priority = 'normal'): Subqueue {
  return { project: 'default', queue, type: 'a', priority }
}

function dispatches(count: number, subqueue = subqueueOf()): Dispatch[] {
  return Array.from({ length: count }, (_, rankMs) => ({
    ...subqueue,
    taskId: `${keyOf(subqueue)} ${String(rankMs).padStart(5, '0')}` as TaskId,
    rankMs,
  }))
}

/** Creates a reconciler with the queued tasks and the dispatches in the broker that the test chooses. */
function setup() {
  const clock = handClock()
  const events = new EventEmitter<TaskFlowEvents>()
  const queued: Dispatch[] = []
  // The tasks that became queued just now.
  const unsettled = new Set<Dispatch>()
  const held: Dispatch[] = []
  const calls: string[] = []
  const published: (readonly Dispatch[])[] = []
  const hooks: { onCount?: () => Promise<void>; afterQuery?: () => void; onPublish?: () => void } = {}

  const storage = {
    async countQueuedTasks(settledForMs: number) {
      calls.push(`count ${settledForMs}`)
      await hooks.onCount?.()
      const counted = queued.filter((task) => settledForMs === 0 || !unsettled.has(task))
      const subqueues = [...Map.groupBy(counted, keyOf).values()]
      const counts = subqueues.map((tasks) => ({ subqueue: tasks[0] as Subqueue, count: tasks.length }))
      if (settledForMs === 0) hooks.afterQuery?.()
      return counts
    },
    async listQueuedTasks(subqueue: Subqueue, { limit, after }: { limit: number; after?: { rankMs: number } }) {
      calls.push(`list ${limit}`)
      const tasks = queued.filter((task) => keyOf(task) === keyOf(subqueue) && task.rankMs > (after?.rankMs ?? -1))
      return tasks.toSorted((a, b) => a.rankMs - b.rankMs).slice(0, limit)
    },
  }
  const broker = {
    async depths(subqueues: readonly Subqueue[]): Promise<number[] | undefined> {
      calls.push(`depths ${subqueues.length}`)
      const depths = subqueues.map((subqueue) => held.filter((dispatch) => keyOf(dispatch) === keyOf(subqueue)).length)
      if (subqueues.length > 0) hooks.afterQuery?.()
      return depths
    },
    async publish(page: readonly Dispatch[]) {
      hooks.onPublish?.()
      published.push(page)
      held.push(...page)
    },
  }
  let isLeading = true
  const service = reconciler({ storage, broker, clock, events, isLeading: () => isLeading })
  stop = service.stop
  const reported: number[] = []
  events.on('dispatches.reconciled', ({ count }) => reported.push(count))
  return {
    ...{ clock, events, queued, unsettled, held, calls, published, hooks, broker, service, reported },
    stopLeading() {
      isLeading = false
    },
    /** Runs one round, from an election to its end. */
    async round() {
      await service.start()
      await settled()
      await service.stop()
    },
    /** Takes this many dispatches, or all, and claims the task of each if it is still queued. */
    work(count = held.length) {
      for (const { taskId } of held.splice(0, count)) {
        const index = queued.findIndex((task) => task.taskId === taskId)
        if (index >= 0) queued.splice(index, 1)
      }
    },
  }
}

let stop = async () => {}
afterEach(() => stop())

describe('the reconciler', () => {
  test('publishes everything to a broker that lost everything, oldest first, a thousand at a time', async () => {
    const { queued, published, reported, round } = setup()
    const all = dispatches(2_500)
    queued.push(...all.toReversed())
    await round()
    expect(published.map((page) => page.length)).toEqual([1_000, 1_000, 500])
    expect(published.flat()).toEqual(all)
    expect(reported).toEqual([2_500])
  })

  test('publishes nothing when the broker holds every dispatch of a long backlog', async () => {
    const { queued, held, calls, reported, round } = setup()
    queued.push(...dispatches(5_000))
    held.push(...queued)
    await round()
    expect(calls).toEqual(['depths 0', 'count 5000', 'depths 1', 'count 0'])
    expect(reported).toEqual([])
  })

  test('publishes as many of the oldest tasks as dispatches are missing', async () => {
    const { queued, held, published, round } = setup()
    const all = dispatches(100)
    queued.push(...all)
    held.push(...all.slice(30))
    await round()
    expect(published).toEqual([all.slice(0, 30)])
  })

  test('compares each subqueue separately, and publishes critical ones first', async () => {
    const { queued, held, published, round } = setup()
    const [low, critical, full] = [subqueueOf('a', 'low'), subqueueOf('b', 'critical'), subqueueOf('c')]
    queued.push(...dispatches(3, low), ...dispatches(2, critical), ...dispatches(4, full))
    held.push(...dispatches(40, full), ...dispatches(1, low))
    await round()
    expect(published).toEqual([dispatches(2, critical), dispatches(2, low)])
  })

  test('does not query the broker for tasks whose dispatches may still be on their way', async () => {
    const { queued, unsettled, calls, round } = setup()
    queued.push(...dispatches(10))
    for (const task of queued) unsettled.add(task)
    await round()
    expect(calls).toEqual(['depths 0', 'count 5000'])
  })

  test('counts such tasks as well, so that their dispatches do not hide lost ones', async () => {
    const { queued, unsettled, held, published, round } = setup()
    const all = dispatches(100)
    queued.push(...all)
    for (const task of all.slice(20)) unsettled.add(task)
    held.push(...all.slice(20))
    await round()
    expect(published).toEqual([all.slice(0, 20)])
  })

  test('publishes no more tasks than had settled, however many are on their way', async () => {
    const { queued, unsettled, published, round } = setup()
    queued.push(...dispatches(100))
    for (const task of queued.slice(3)) unsettled.add(task)
    await round()
    expect(published).toEqual([queued.slice(0, 3)])
  })

  test('does not count tasks as missing that workers claim between the queries', async () => {
    const { queued, held, hooks, published, round, work } = setup()
    queued.push(...dispatches(50))
    held.push(...queued)
    hooks.afterQuery = () => work(20)
    await round()
    expect(published).toEqual([])
  })

  test('ends when workers have claimed the rest in the meantime', async () => {
    const { queued, hooks, published, reported, round } = setup()
    queued.push(...dispatches(4_000))
    hooks.onPublish = () => queued.splice(0, 2_000)
    await round()
    expect(published.map((page) => page.length)).toEqual([1_000, 1_000])
    expect(reported).toEqual([2_000])
  })

  test('publishes no further page once it no longer leads', async () => {
    const { queued, hooks, published, reported, round, stopLeading } = setup()
    queued.push(...dispatches(3_000))
    hooks.onPublish = stopLeading
    await round()
    expect(published).toHaveLength(1)
    expect(reported).toEqual([1_000])
  })

  test('reports what it published when the broker becomes unavailable', async () => {
    const { queued, hooks, events, round, reported } = setup()
    queued.push(...dispatches(3_000))
    let pages = 0
    hooks.onPublish = () => {
      if (++pages === 3) throw new TaskFlowError('BROKER_UNAVAILABLE', 'unavailable')
    }
    const failed = nextEvents(events, 'round.failed')
    await round()
    expect(await failed).toMatchObject([{ service: 'reconciler', error: { message: 'unavailable' } }])
    expect(reported).toEqual([2_000])
  })

  test('counts nothing when the database itself holds the subqueues', async () => {
    const { queued, broker, calls, round } = setup()
    queued.push(...dispatches(10))
    broker.depths = async () => undefined
    await round()
    expect(calls).toEqual([])
  })

  test('counts nothing while the broker is unavailable', async () => {
    const { queued, broker, calls, round, events } = setup()
    queued.push(...dispatches(10))
    broker.depths = async () => {
      throw new TaskFlowError('BROKER_UNAVAILABLE', 'unavailable')
    }
    const failed = nextEvents(events, 'round.failed')
    await round()
    await failed
    expect(calls).toEqual([])
  })

  test('reads the depths of many subqueues in several calls', async () => {
    const { queued, published, calls, round } = setup()
    for (let queue = 0; queue < 1_200; queue++) queued.push(...dispatches(1, subqueueOf(`q${queue}`)))
    await round()
    expect(calls.slice(0, 5)).toEqual(['depths 0', 'count 5000', 'depths 500', 'depths 500', 'depths 200'])
    expect(published.flat()).toHaveLength(1_200)
  })

  test('all tasks have run after workers emptied the broker twice, whatever was lost, duplicated or stale', async () => {
    const some = fc.array(fc.nat({ max: 29 }), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 30 }), some, some, async (count, heldTasks, youngTasks) => {
        const { queued, unsettled, held, round, work } = setup()
        const all = dispatches(30)
        queued.push(...all.slice(0, count))
        held.push(...heldTasks.map((index) => all[index] as Dispatch))
        for (const index of youngTasks) unsettled.add(all[index] as Dispatch)
        await round()
        unsettled.clear()
        for (let turn = 0; turn < 2; turn++) {
          work()
          await round()
        }
        work()
        expect(queued).toEqual([])
      }),
    )
  })
})

describe('the pause of the reconciler', () => {
  const countsIn = (calls: readonly string[]) => calls.filter((call) => call === 'count 5000').length

  test('is 30 seconds', async () => {
    const { service, clock, calls } = setup()
    await service.start()
    await clock.advance(29_999)
    expect(countsIn(calls)).toBe(1)
    await clock.advance(1)
    await settled()
    expect(countsIn(calls)).toBe(2)
  })

  test.each([
    [2_000, 100_000],
    [60_000, 300_000],
  ])('is fifty times as long as counting took, up to five minutes: after %i ms, %i ms', async (workMs, pauseMs) => {
    const { service, clock, calls, hooks } = setup()
    hooks.onCount = () => clock.sleep(calls.length === 2 ? workMs : 0)
    await service.start()
    await clock.advance(workMs)
    await clock.advance(pauseMs - 1)
    expect(countsIn(calls)).toBe(1)
    await clock.advance(1)
    await settled()
    expect(countsIn(calls)).toBe(2)
  })

  test.each([
    ['broker.returned', { broker: 'redis' }],
    ['database.returned', { database: 'primary' }],
  ] as const)(
    'ends with %s, and the next one is short, because other processes may notice it later',
    async (...returned) => {
      const { service, events, clock, calls } = setup()
      const stopListening = reconcileWhenReturned(() => service.wake(), events)
      await service.start()
      await clock.advance(12_000)
      events.emit(...(returned as ['broker.returned', { broker: string }]))
      await settled()
      expect(countsIn(calls)).toBe(2)
      await clock.advance(10_000)
      await settled()
      expect(countsIn(calls)).toBe(3)
      await clock.advance(29_000)
      expect(countsIn(calls)).toBe(3)
      stopListening()
      expect(events.listenerCount(returned[0])).toBe(0)
    },
  )

  test('does not end for a replica, to which nothing is committed', async () => {
    const { service, events, clock, calls } = setup()
    reconcileWhenReturned(() => service.wake(), events)
    await service.start()
    await clock.advance(12_000)
    events.emit('database.returned', { database: 'replica' })
    await settled()
    expect(countsIn(calls)).toBe(1)
  })
})

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    beforeEach(() => emptyDatabase(given.db))
    afterEach(() => moveTime(given.db, 0))

    test('P2: publishes every queued task in its subqueue to a broker that lost everything', async () => {
      const { storage, db, events } = given
      const tasks = (['critical', 'low'] as const).flatMap((priority) =>
        ['mail', 'reports'].flatMap((queue) => Array.from({ length: 30 }, () => newTask({ priority, queue }))),
      )
      await storage.submitTasks(submissionOf(...tasks))
      const worker = await startWorker(storage, { queues: ['mail'] })
      const claimed = await storage.claimTasks(claimBy(worker, { max: 5 }))
      await moveTime(db, 10_000)
      const published: Dispatch[] = []
      const broker = {
        depths: async (subqueues: readonly Subqueue[]) => subqueues.map(() => 0),
        publish: async (page: readonly Dispatch[]) => void published.push(...page),
      }
      const service = reconciler({ storage, broker, clock: handClock(), events })
      stop = service.stop
      const round = nextEvents(events, 'round.succeeded')
      await service.start()
      await round
      const taken = new Set<TaskId>(claimed.map(({ taskId }) => taskId))
      const left = tasks.filter(({ id }) => !taken.has(id))
      expect(published.map(subqueueAndId).sort()).toEqual(
        left.map((task) => subqueueAndId({ ...task, taskId: task.id })).sort(),
      )
      expect(published.slice(0, 55).every(({ priority }) => priority === 'critical')).toBe(true)
    })
  })
}

const subqueueAndId = ({ project, queue, type, priority, taskId }: Subqueue & { readonly taskId: TaskId }): string =>
  [project, queue, type, priority, taskId].join()
