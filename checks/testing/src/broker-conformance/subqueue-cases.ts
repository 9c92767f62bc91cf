import type { Subqueue } from '@taskflow/tasks'
import { expect } from 'vitest'
import { within } from '../wait.ts'
import { type Case, idsIn, idsOf, newDispatch, newDispatches, newSubqueue, take, takeAll } from './given.ts'

// As the API allows them.
const LONGEST_NAME = 128

const longName = (subqueue: string) => `${subqueue}.${'x'.repeat(LONGEST_NAME)}`.slice(0, LONGEST_NAME)

/** Cases for a broker that keeps subqueues: each dispatch reaches the consumers that it is for, and no others. */
export const subqueueCases = {
  'delivers what was published, each once': async ({ broker, other, subqueue }) => {
    const dispatches = newDispatches(subqueue, 25)
    await other.publish(dispatches)
    expect((await takeAll(broker, subqueue)).sort()).toEqual(idsIn(dispatches).sort())
  },

  'keeps queues apart': async ({ broker, subqueue }) => {
    const elsewhere = newDispatch({ ...subqueue, queue: newSubqueue().queue })
    await broker.publish([elsewhere])
    expect(await takeAll(broker, subqueue)).toEqual([])
    expect(await takeAll(broker, elsewhere)).toEqual([elsewhere.taskId])
  },

  'keeps types apart, and leaves what a consumer cannot run to one that can': async ({ broker, other, subqueue }) => {
    const foreign = newDispatches({ ...subqueue, type: newSubqueue().type }, 20)
    const own = newDispatch(subqueue, 1_000)
    await broker.publish([...foreign, own])
    expect(await takeAll(broker, subqueue)).toEqual([own.taskId])
    expect((await takeAll(other, foreign[0] as Subqueue)).sort()).toEqual(idsIn(foreign).sort())
  },

  'keeps projects apart': async ({ broker, subqueue }) => {
    const elsewhere = newDispatch({ ...subqueue, project: newSubqueue().project })
    await broker.publish([elsewhere])
    expect(await takeAll(broker, subqueue)).toEqual([])
    expect(await takeAll(broker, elsewhere)).toEqual([elsewhere.taskId])
  },

  'keeps names apart that read the same when joined': async ({ broker, subqueue }) => {
    const dispatches = ['.', ':', '-', '_'].flatMap((mark) => [
      newDispatch({ ...subqueue, queue: `${subqueue.queue}${mark}a`, type: 'b' }),
      newDispatch({ ...subqueue, queue: subqueue.queue, type: `a${mark}b` }),
    ])
    await broker.publish(dispatches)
    for (const dispatch of dispatches) expect(await takeAll(broker, dispatch)).toEqual([dispatch.taskId])
  },

  'carries the longest names': async ({ broker, subqueue }) => {
    const { project, queue, type } = subqueue
    const long = { ...subqueue, project: longName(project), queue: longName(queue), type: longName(type) }
    const dispatch = newDispatch(long)
    await broker.publish([dispatch])
    expect(await takeAll(broker, long)).toEqual([dispatch.taskId])
    await expect.poll(() => broker.depths([long]), { timeout: 5_000 }).toEqual([0])
  },

  'takes from many queues and types at once': async ({ broker, other, subqueue }) => {
    const queues = Array.from({ length: 10 }, () => newSubqueue().queue)
    const types = Array.from({ length: 100 }, () => newSubqueue().type)
    const subqueues = queues.flatMap((queue) => types.map((type) => ({ ...subqueue, queue, type })))
    const dispatches = [0, 499, 999].map((index) => newDispatch(subqueues[index] as Subqueue))
    await other.publish(dispatches)
    expect((await takeAll(broker, subqueues)).sort()).toEqual(idsIn(dispatches).sort())
  },

  'wakes a consumer by any of the subqueues that it waits for': async ({ broker, other, subqueue }) => {
    const subqueues = Array.from({ length: 20 }, () => newSubqueue({ project: subqueue.project }))
    const waiting = take(broker, subqueues, { waitMs: 10_000 })
    const dispatch = newDispatch({ ...(subqueues[19] as Subqueue), priority: 'low' })
    await other.publish([dispatch])
    expect(idsOf(await within(1_000, waiting, 'the dispatch'))).toEqual([dispatch.taskId])
  },

  'delivers no more than requested, and the rest to the next take': async ({ broker, other, subqueue }) => {
    const dispatches = newDispatches(subqueue, 10)
    await broker.publish(dispatches)
    const first = await take(broker, subqueue, { max: 3 })
    expect(idsOf(first).length).toBeGreaterThan(0)
    expect(idsOf(first).length).toBeLessThanOrEqual(3)
    // While the first is still out: a client holds back nothing that it did not give.
    const rest = await takeAll(other, subqueue, { max: 3 })
    expect([...idsOf(first), ...rest].sort()).toEqual(idsIn(dispatches).sort())
    await first?.acknowledge(0)
  },

  'gives many in few takes': async ({ broker, subqueue }) => {
    const dispatches = newDispatches(subqueue, 1_000)
    await broker.publish(dispatches)
    const taken = new Set<string>()
    for (let takes = 0; takes < 20 && taken.size < 1_000; takes++) {
      const delivery = await take(broker, subqueue, { max: 1_000 })
      for (const id of idsOf(delivery)) taken.add(id)
      await delivery?.acknowledge(idsOf(delivery).length)
    }
    expect(taken).toEqual(new Set(idsIn(dispatches)))
  },

  'carries ten thousand published in one call': async ({ broker, other, subqueue }) => {
    const dispatches = newDispatches(subqueue, 10_000)
    await broker.publish(dispatches)
    const taken = await takeAll(other, subqueue, { max: 1_000, waitMs: 1_000 })
    expect(taken.sort()).toEqual(idsIn(dispatches).sort())
  },

  'counts for each subqueue what waits and what is out': async ({ broker, other, subqueue }) => {
    const another = { ...subqueue, type: newSubqueue().type, priority: 'high' } as const
    const subqueues = [subqueue, another, newSubqueue(), { ...subqueue, priority: 'low' }] as const
    const expectDepths = (depths: number[]) =>
      expect.poll(() => other.depths(subqueues), { timeout: 5_000 }).toEqual(depths)
    await broker.publish([...newDispatches(subqueue, 3), ...newDispatches(another, 1)])
    await expectDepths([3, 1, 0, 0])
    const delivery = await take(broker, subqueue, { max: 1 })
    await expectDepths([3, 1, 0, 0])
    await delivery?.acknowledge(1)
    await expectDepths([2, 1, 0, 0])
    expect(await takeAll(broker, [subqueue, another])).toHaveLength(3)
    await expectDepths([0, 0, 0, 0])
  },
} as const satisfies Record<string, Case>
