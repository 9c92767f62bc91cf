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
import type { Dispatch, Line } from '../dispatch/broker.ts'
import type { Priority } from '../domain/priority.ts'
import type { TaskId } from '../domain/task.ts'
import { reconciler, reconcileWhenReturned } from './reconciler.ts'

const keyOf = ({ queue, priority }: Line): string => `${queue} ${priority}`

function lineOf(queue = 'default', priority: Priority = 'normal'): Line {
  return { project: 'default', queue, type: 'a', priority }
}

function dispatches(count: number, line = lineOf()): Dispatch[] {
  return Array.from({ length: count }, (_, rankMs) => ({
    ...line,
    taskId: `${keyOf(line)} ${String(rankMs).padStart(5, '0')}` as TaskId,
    rankMs,
  }))
}

/** Queued tasks and a broker's words of them, both as the test wants them. */
function setup() {
  const clock = handClock()
  const events = new EventEmitter<TaskFlowEvents>()
  const queued: Dispatch[] = []
  // Of tasks that became queued just now.
  const unsettled = new Set<Dispatch>()
  const words: Dispatch[] = []
  const calls: string[] = []
  const published: (readonly Dispatch[])[] = []
  const meanwhile: { onCount?: () => Promise<void>; afterLook?: () => void; onPublish?: () => void } = {}

  const storage = {
    async countQueuedTasks(settledForMs: number) {
      calls.push(`count ${settledForMs}`)
      await meanwhile.onCount?.()
      const counted = queued.filter((task) => settledForMs === 0 || !unsettled.has(task))
      const lines = [...Map.groupBy(counted, keyOf).values()]
      const counts = lines.map((tasks) => ({ line: tasks[0] as Line, count: tasks.length }))
      if (settledForMs === 0) meanwhile.afterLook?.()
      return counts
    },
    async listQueuedTasks(line: Line, { limit, after }: { limit: number; after?: { rankMs: number } }) {
      calls.push(`list ${limit}`)
      const tasks = queued.filter((task) => keyOf(task) === keyOf(line) && task.rankMs > (after?.rankMs ?? -1))
      return tasks.toSorted((a, b) => a.rankMs - b.rankMs).slice(0, limit)
    },
  }
  const broker = {
    async depths(lines: readonly Line[]): Promise<number[] | undefined> {
      calls.push(`depths ${lines.length}`)
      const depths = lines.map((line) => words.filter((word) => keyOf(word) === keyOf(line)).length)
      if (lines.length > 0) meanwhile.afterLook?.()
      return depths
    },
    async publish(page: readonly Dispatch[]) {
      meanwhile.onPublish?.()
      published.push(page)
      words.push(...page)
    },
  }
  let isLeading = true
  const service = reconciler({ storage, broker, clock, events, isLeading: () => isLeading })
  stop = service.stop
  const told: number[] = []
  events.on('dispatches.reconciled', ({ count }) => told.push(count))
  return {
    ...{ clock, events, queued, unsettled, words, calls, published, meanwhile, broker, service, told },
    stopLeading() {
      isLeading = false
    },
    /** One round, from an election to its end. */
    async round() {
      await service.start()
      await settled()
      await service.stop()
    },
    /** A worker that takes words, all there are or so many, and claims the task of each if it is still queued. */
    work(count = words.length) {
      for (const { taskId } of words.splice(0, count)) {
        const index = queued.findIndex((task) => task.taskId === taskId)
        if (index >= 0) queued.splice(index, 1)
      }
    },
  }
}

let stop = async () => {}
afterEach(() => stop())

describe('the reconciler', () => {
  test('tells a broker that was wiped of everything, oldest first, a thousand at a time', async () => {
    const { queued, published, told, round } = setup()
    const all = dispatches(2_500)
    queued.push(...all.toReversed())
    await round()
    expect(published.map((page) => page.length)).toEqual([1_000, 1_000, 500])
    expect(published.flat()).toEqual(all)
    expect(told).toEqual([2_500])
  })

  test('leaves a long backlog alone of which the broker has every word', async () => {
    const { queued, words, calls, told, round } = setup()
    queued.push(...dispatches(5_000))
    words.push(...queued)
    await round()
    expect(calls).toEqual(['depths 0', 'count 5000', 'depths 1', 'count 0'])
    expect(told).toEqual([])
  })

  test('tells of as many as are missing, and those the oldest', async () => {
    const { queued, words, published, round } = setup()
    const all = dispatches(100)
    queued.push(...all)
    words.push(...all.slice(30))
    await round()
    expect(published).toEqual([all.slice(0, 30)])
  })

  test('looks at each line for itself, and at critical ones first', async () => {
    const { queued, words, published, round } = setup()
    const [low, critical, full] = [lineOf('a', 'low'), lineOf('b', 'critical'), lineOf('c')]
    queued.push(...dispatches(3, low), ...dispatches(2, critical), ...dispatches(4, full))
    words.push(...dispatches(40, full), ...dispatches(1, low))
    await round()
    expect(published).toEqual([dispatches(2, critical), dispatches(2, low)])
  })

  test('does not ask the broker of tasks whose word may be on its way', async () => {
    const { queued, unsettled, calls, round } = setup()
    queued.push(...dispatches(10))
    for (const task of queued) unsettled.add(task)
    await round()
    expect(calls).toEqual(['depths 0', 'count 5000'])
  })

  test('counts them where they stand before what is lost, so that they do not hide it', async () => {
    const { queued, unsettled, words, published, round } = setup()
    const all = dispatches(100)
    queued.push(...all)
    for (const task of all.slice(20)) unsettled.add(task)
    words.push(...all.slice(20))
    await round()
    expect(published).toEqual([all.slice(0, 20)])
  })

  test('tells of no more than had settled, however many are on their way', async () => {
    const { queued, unsettled, published, round } = setup()
    queued.push(...dispatches(100))
    for (const task of queued.slice(3)) unsettled.add(task)
    await round()
    expect(published).toEqual([queued.slice(0, 3)])
  })

  test('takes nothing for missing that workers take while it looks', async () => {
    const { queued, words, meanwhile, published, round, work } = setup()
    queued.push(...dispatches(50))
    words.push(...queued)
    meanwhile.afterLook = () => work(20)
    await round()
    expect(published).toEqual([])
  })

  test('ends when workers have taken the rest while it tells of them', async () => {
    const { queued, meanwhile, published, told, round } = setup()
    queued.push(...dispatches(4_000))
    meanwhile.onPublish = () => queued.splice(0, 2_000)
    await round()
    expect(published.map((page) => page.length)).toEqual([1_000, 1_000])
    expect(told).toEqual([2_000])
  })

  test('tells no further page once it leads no more', async () => {
    const { queued, meanwhile, published, told, round, stopLeading } = setup()
    queued.push(...dispatches(3_000))
    meanwhile.onPublish = stopLeading
    await round()
    expect(published).toHaveLength(1)
    expect(told).toEqual([1_000])
  })

  test('says what it told also when the broker went away in the middle', async () => {
    const { queued, meanwhile, events, round, told } = setup()
    queued.push(...dispatches(3_000))
    let pages = 0
    meanwhile.onPublish = () => {
      if (++pages === 3) throw new TaskFlowError('BROKER_UNAVAILABLE', 'away')
    }
    const failed = nextEvents(events, 'round.failed')
    await round()
    expect(await failed).toMatchObject([{ service: 'reconciler', error: { message: 'away' } }])
    expect(told).toEqual([2_000])
  })

  test('counts nothing where the database keeps the lines', async () => {
    const { queued, broker, calls, round } = setup()
    queued.push(...dispatches(10))
    broker.depths = async () => undefined
    await round()
    expect(calls).toEqual([])
  })

  test('counts nothing while the broker is away', async () => {
    const { queued, broker, calls, round, events } = setup()
    queued.push(...dispatches(10))
    broker.depths = async () => {
      throw new TaskFlowError('BROKER_UNAVAILABLE', 'away')
    }
    const failed = nextEvents(events, 'round.failed')
    await round()
    await failed
    expect(calls).toEqual([])
  })

  test('asks for the depths of many lines in several calls', async () => {
    const { queued, published, calls, round } = setup()
    for (let queue = 0; queue < 1_200; queue++) queued.push(...dispatches(1, lineOf(`q${queue}`)))
    await round()
    expect(calls.slice(0, 5)).toEqual(['depths 0', 'count 5000', 'depths 500', 'depths 500', 'depths 200'])
    expect(published.flat()).toHaveLength(1_200)
  })

  test('whatever was lost, doubled or is stale: all has run once workers have emptied the broker twice', async () => {
    const some = fc.array(fc.nat({ max: 29 }), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 30 }), some, some, async (count, heldWords, youngTasks) => {
        const { queued, unsettled, words, round, work } = setup()
        const all = dispatches(30)
        queued.push(...all.slice(0, count))
        words.push(...heldWords.map((index) => all[index] as Dispatch))
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

describe('its pause', () => {
  const countsIn = (calls: readonly string[]) => calls.filter((call) => call === 'count 5000').length

  test('is half a minute', async () => {
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
    const { service, clock, calls, meanwhile } = setup()
    meanwhile.onCount = () => clock.sleep(calls.length === 2 ? workMs : 0)
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
  ] as const)('ends with %s, and is short once after that: some may have learnt of it later', async (...returned) => {
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
  })

  test('does not end for a replica, which holds nothing that a broker is told', async () => {
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

    test('P2: a broker that lost everything is told of every queued task, each in its line', async () => {
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
        depths: async (lines: readonly Line[]) => lines.map(() => 0),
        publish: async (page: readonly Dispatch[]) => void published.push(...page),
      }
      const service = reconciler({ storage, broker, clock: handClock(), events })
      stop = service.stop
      const round = nextEvents(events, 'round.succeeded')
      await service.start()
      await round
      const taken = new Set<TaskId>(claimed.map(({ taskId }) => taskId))
      const left = tasks.filter(({ id }) => !taken.has(id))
      expect(published.map(lineAndId).sort()).toEqual(
        left.map((task) => lineAndId({ ...task, taskId: task.id })).sort(),
      )
      expect(published.slice(0, 55).every(({ priority }) => priority === 'critical')).toBe(true)
    })
  })
}

const lineAndId = ({ project, queue, type, priority, taskId }: Line & { readonly taskId: TaskId }): string =>
  [project, queue, type, priority, taskId].join()
