import type { Subqueue } from '@taskflow/tasks'
import { expect } from 'vitest'
import { within } from '../wait.ts'
import { type Case, idsIn, idsOf, newDispatch, newDispatches, newSubqueue, take, takeAll } from './given.ts'

// As the API allows them.
const LONGEST_NAME = 128

const longName = (line: string) => `${line}.${'x'.repeat(LONGEST_NAME)}`.slice(0, LONGEST_NAME)

/** Cases for a broker that keeps subqueues: each dispatch reaches the consumers that it is for, and no others. */
export const lineCases = {
  'delivers what was published, each once': async ({ broker, other, line }) => {
    const dispatches = newDispatches(line, 25)
    await other.publish(dispatches)
    expect((await takeAll(broker, line)).sort()).toEqual(idsIn(dispatches).sort())
  },

  'keeps queues apart': async ({ broker, line }) => {
    const elsewhere = newDispatch({ ...line, queue: newSubqueue().queue })
    await broker.publish([elsewhere])
    expect(await takeAll(broker, line)).toEqual([])
    expect(await takeAll(broker, elsewhere)).toEqual([elsewhere.taskId])
  },

  'keeps types apart, and leaves what a consumer cannot run to one that can': async ({ broker, other, line }) => {
    const foreign = newDispatches({ ...line, type: newSubqueue().type }, 20)
    const own = newDispatch(line, 1_000)
    await broker.publish([...foreign, own])
    expect(await takeAll(broker, line)).toEqual([own.taskId])
    expect((await takeAll(other, foreign[0] as Subqueue)).sort()).toEqual(idsIn(foreign).sort())
  },

  'keeps projects apart': async ({ broker, line }) => {
    const elsewhere = newDispatch({ ...line, project: newSubqueue().project })
    await broker.publish([elsewhere])
    expect(await takeAll(broker, line)).toEqual([])
    expect(await takeAll(broker, elsewhere)).toEqual([elsewhere.taskId])
  },

  'keeps names apart that read the same when joined': async ({ broker, line }) => {
    const dispatches = ['.', ':', '-', '_'].flatMap((mark) => [
      newDispatch({ ...line, queue: `${line.queue}${mark}a`, type: 'b' }),
      newDispatch({ ...line, queue: line.queue, type: `a${mark}b` }),
    ])
    await broker.publish(dispatches)
    for (const dispatch of dispatches) expect(await takeAll(broker, dispatch)).toEqual([dispatch.taskId])
  },

  'carries the longest names': async ({ broker, line }) => {
    const { project, queue, type } = line
    const long = { ...line, project: longName(project), queue: longName(queue), type: longName(type) }
    const dispatch = newDispatch(long)
    await broker.publish([dispatch])
    expect(await takeAll(broker, long)).toEqual([dispatch.taskId])
    await expect.poll(() => broker.depths([long]), { timeout: 5_000 }).toEqual([0])
  },

  'takes from many queues and types at once': async ({ broker, other, line }) => {
    const queues = Array.from({ length: 10 }, () => newSubqueue().queue)
    const types = Array.from({ length: 100 }, () => newSubqueue().type)
    const lines = queues.flatMap((queue) => types.map((type) => ({ ...line, queue, type })))
    const dispatches = [0, 499, 999].map((index) => newDispatch(lines[index] as Subqueue))
    await other.publish(dispatches)
    expect((await takeAll(broker, lines)).sort()).toEqual(idsIn(dispatches).sort())
  },

  'wakes a consumer by any of the subqueues that it waits for': async ({ broker, other, line }) => {
    const lines = Array.from({ length: 20 }, () => newSubqueue({ project: line.project }))
    const waiting = take(broker, lines, { waitMs: 10_000 })
    const dispatch = newDispatch({ ...(lines[19] as Subqueue), priority: 'low' })
    await other.publish([dispatch])
    expect(idsOf(await within(1_000, waiting, 'the dispatch'))).toEqual([dispatch.taskId])
  },

  'delivers no more than requested, and the rest to the next take': async ({ broker, other, line }) => {
    const dispatches = newDispatches(line, 10)
    await broker.publish(dispatches)
    const first = await take(broker, line, { max: 3 })
    expect(idsOf(first).length).toBeGreaterThan(0)
    expect(idsOf(first).length).toBeLessThanOrEqual(3)
    // While the first is still out: a client holds back nothing that it did not give.
    const rest = await takeAll(other, line, { max: 3 })
    expect([...idsOf(first), ...rest].sort()).toEqual(idsIn(dispatches).sort())
    await first?.acknowledge(0)
  },

  'gives many in few takes': async ({ broker, line }) => {
    const dispatches = newDispatches(line, 1_000)
    await broker.publish(dispatches)
    const taken = new Set<string>()
    for (let takes = 0; takes < 20 && taken.size < 1_000; takes++) {
      const delivery = await take(broker, line, { max: 1_000 })
      for (const id of idsOf(delivery)) taken.add(id)
      await delivery?.acknowledge(idsOf(delivery).length)
    }
    expect(taken).toEqual(new Set(idsIn(dispatches)))
  },

  'carries ten thousand published in one call': async ({ broker, other, line }) => {
    const dispatches = newDispatches(line, 10_000)
    await broker.publish(dispatches)
    const taken = await takeAll(other, line, { max: 1_000, waitMs: 1_000 })
    expect(taken.sort()).toEqual(idsIn(dispatches).sort())
  },

  'counts for each line what waits and what is out': async ({ broker, other, line }) => {
    const another = { ...line, type: newSubqueue().type, priority: 'high' } as const
    const lines = [line, another, newSubqueue(), { ...line, priority: 'low' }] as const
    const expectDepths = (depths: number[]) =>
      expect.poll(() => other.depths(lines), { timeout: 5_000 }).toEqual(depths)
    await broker.publish([...newDispatches(line, 3), ...newDispatches(another, 1)])
    await expectDepths([3, 1, 0, 0])
    const delivery = await take(broker, line, { max: 1 })
    await expectDepths([3, 1, 0, 0])
    await delivery?.acknowledge(1)
    await expectDepths([2, 1, 0, 0])
    expect(await takeAll(broker, [line, another])).toHaveLength(3)
    await expectDepths([0, 0, 0, 0])
  },
} as const satisfies Record<string, Case>
