import type { Broker, Dispatch, Subqueue, TakeOptions, TaskId } from '@taskflow/tasks'
import { expect } from 'vitest'
import { type Case, idsIn, idsOf, newDispatch, newSubqueue, take, takeAll } from './given.ts'

const oneByOne = (broker: Broker, from: Subqueue | readonly Subqueue[], options: Partial<TakeOptions> = {}) =>
  takeAll(broker, from, { max: 1, ...options })

const byRank = (dispatches: readonly Dispatch[]): TaskId[] => idsIn([...dispatches].sort((a, b) => a.rankMs - b.rankMs))

/** In what order a broker that keeps subqueues gives what waits there. */
export const orderCases = {
  'gives first what came first and waits longest': async ({ broker, subqueue }) => {
    const dispatches = [1, 2, 3, 4, 5, 6].map((rank) => newDispatch(subqueue, rank))
    await broker.publish(dispatches.slice(0, 3))
    await broker.publish(dispatches.slice(3))
    expect(await oneByOne(broker, subqueue)).toEqual(idsIn(dispatches))
  },

  'gives the smallest rank of a subqueue first, also when it came last': async ({ broker, subqueue }) => {
    const dispatches = [5, 3, 6, 1, 4, 2].map((rank) => newDispatch(subqueue, rank))
    await broker.publish(dispatches.slice(0, 3))
    await broker.publish(dispatches.slice(3))
    expect(await oneByOne(broker, subqueue)).toEqual(byRank(dispatches))
  },

  'gives a higher class first': async ({ broker, subqueue }) => {
    const low = newDispatch({ ...subqueue, priority: 'low' }, 1_200_000)
    const normal = newDispatch(subqueue, 600_000)
    const high = newDispatch({ ...subqueue, priority: 'high' }, 1)
    const critical = newDispatch({ ...subqueue, priority: 'critical' }, -3_000_000)
    await broker.publish([low, normal, high, critical])
    expect(await oneByOne(broker, subqueue)).toEqual(idsIn([critical, high, normal, low]))
  },

  'lets a lower class that has waited long enough go first': async ({ broker, subqueue }) => {
    const low = newDispatch({ ...subqueue, priority: 'low' }, 1)
    const high = newDispatch({ ...subqueue, priority: 'high' }, 2)
    const normal = newDispatch(subqueue, 3)
    await broker.publish([high, normal, low])
    expect(await oneByOne(broker, subqueue)).toEqual(idsIn([low, high, normal]))
  },

  'gives the smallest rank first over types': async ({ broker, subqueue }) => {
    const another = { ...subqueue, type: newSubqueue().type }
    const dispatches = [1, 2, 3, 4].map((rank) => newDispatch(rank % 2 === 0 ? subqueue : another, rank))
    await broker.publish(dispatches)
    expect(await oneByOne(broker, [subqueue, another])).toEqual(idsIn(dispatches))
  },

  'gives the smallest rank first over queues that are not drawn': async ({ broker, subqueue }) => {
    const another = { ...subqueue, queue: newSubqueue().queue }
    const dispatches = [1, 2, 3, 4].map((rank) => newDispatch(rank % 2 === 0 ? subqueue : another, rank))
    await broker.publish(dispatches)
    expect(await oneByOne(broker, [subqueue, another])).toEqual(idsIn(dispatches))
  },

  'gives from queues that are drawn in their order': async ({ broker, subqueue }) => {
    const another = { ...subqueue, queue: newSubqueue().queue }
    const [first, second] = [newDispatch(subqueue, 1), newDispatch(subqueue, 2)]
    const later = newDispatch(another, 3)
    await broker.publish([first, second, later])
    const drawn = { isDrawn: true, waitMs: 300 } as const
    const fromAnother = await take(broker, [another, subqueue], { ...drawn, max: 1 })
    expect(idsOf(fromAnother)).toEqual([later.taskId])
    await fromAnother?.acknowledge(1)
    expect(await oneByOne(broker, [another, subqueue], drawn), 'when the first queue is empty').toEqual(
      idsIn([first, second]),
    )
  },

  'fills a batch with the smallest ranks': async ({ broker, subqueue }) => {
    const another = { ...subqueue, queue: newSubqueue().queue }
    const dispatches = [1, 2, 3, 4, 5, 6, 7, 8].map((rank) => newDispatch(rank % 3 === 0 ? subqueue : another, rank))
    await broker.publish(dispatches)
    const delivery = await take(broker, [subqueue, another], { max: 4 })
    const ids = idsOf(delivery)
    expect(ids.length).toBeGreaterThan(0)
    expect(new Set(ids)).toEqual(new Set(idsIn(dispatches.slice(0, ids.length))))
    await delivery?.acknowledge(ids.length)
  },
} as const satisfies Record<string, Case>
