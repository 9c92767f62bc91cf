import type { Broker } from '@taskflow/tasks'
import { expect } from 'vitest'
import { within } from '../wait.ts'
import { type Case, idsIn, idsOf, newDispatch, newDispatches, take, takeAll, takeRecovered } from './given.ts'

/** Cases for a broker that keeps subqueues: it delivers to one consumer, and redelivers what was not acknowledged. */
export const lossCases = {
  'delivers a dispatch to one consumer only, also when many take at once': async ({
    broker,
    other,
    open,
    subqueue,
  }) => {
    const dispatches = newDispatches(subqueue, 500)
    const clients = [broker, other, await open(), await open()]
    await broker.publish(dispatches.slice(0, 250))
    const fourConsumers = (client: Broker) => [1, 2, 3, 4].map(() => takeAll(client, subqueue, { waitMs: 1_000 }))
    const taking = Promise.all(clients.flatMap(fourConsumers))
    for (let start = 250; start < 500; start += 10) await other.publish(dispatches.slice(start, start + 10))
    expect((await taking).flat().sort()).toEqual(idsIn(dispatches).sort())
  },

  'never redelivers what was acknowledged, however few of its tasks could be claimed': async ({
    broker,
    other,
    subqueue,
  }) => {
    await broker.publish(newDispatches(subqueue, 3))
    for (let taken = 0; taken < 3; ) {
      const delivery = await take(broker, subqueue)
      expect(delivery).toBeDefined()
      taken += idsOf(delivery).length
      await delivery?.acknowledge(0)
    }
    expect(await takeAll(other, subqueue)).toEqual([])
    await expect.poll(() => other.depths([subqueue]), { timeout: 5_000 }).toEqual([0])
  },

  'delivers what was released to the next take': async ({ broker, other, subqueue }) => {
    const dispatch = newDispatch(subqueue)
    await broker.publish([dispatch])
    await (await take(broker, subqueue))?.release()
    const second = await take(other, subqueue)
    expect(idsOf(second)).toEqual([dispatch.taskId])
    await second?.release()
    expect(await takeAll(broker, subqueue)).toEqual([dispatch.taskId])
  },

  'wakes a waiting consumer by what another released': async ({ broker, other, subqueue }) => {
    const dispatch = newDispatch(subqueue)
    await broker.publish([dispatch])
    const delivery = await take(broker, subqueue)
    const waiting = take(other, subqueue, { waitMs: 5_000 })
    await delivery?.release()
    expect(idsOf(await within(1_000, waiting, 'what was released'))).toEqual([dispatch.taskId])
  },

  'delivers what a lost consumer held to another': async ({ broker, other, open, subqueue }) => {
    const dispatches = newDispatches(subqueue, 10)
    await broker.publish(dispatches)
    const consumer = await open()
    expect(idsOf(await take(consumer, subqueue, { max: 3 })).length).toBeGreaterThan(0)
    await consumer.close()
    expect(await takeRecovered(other, subqueue, 10)).toEqual(new Set(idsIn(dispatches)))
  },

  'leaves what comes after an aborted take to others': async ({ broker, other, subqueue }) => {
    const controller = new AbortController()
    const aborted = take(broker, subqueue, { waitMs: 60_000, signal: controller.signal })
    controller.abort()
    await within(1_000, aborted, 'the end of an aborted take')
    await take(broker, subqueue, { waitMs: 50 })
    const dispatch = newDispatch(subqueue)
    await broker.publish([dispatch])
    expect(idsOf(await take(other, subqueue, { waitMs: 1_000 }))).toEqual([dispatch.taskId])
  },

  'loses nothing that arrives while a take is aborted': async ({ broker, other, subqueue }) => {
    const dispatches = newDispatches(subqueue, 30)
    const taken = new Set<string>()
    for (const [round, dispatch] of dispatches.entries()) {
      const controller = new AbortController()
      const taking = take(broker, subqueue, { waitMs: 60_000, signal: controller.signal })
      const publishing = other.publish([dispatch])
      if (round % 2 === 0) await publishing
      controller.abort()
      const delivery = await within(1_000, taking, 'the end of an aborted take')
      for (const id of idsOf(delivery)) taken.add(id)
      await delivery?.acknowledge(idsOf(delivery).length)
      await publishing
    }
    const rest = await takeRecovered(other, subqueue, 30 - taken.size)
    expect(new Set([...taken, ...rest])).toEqual(new Set(idsIn(dispatches)))
  },

  'gives what was published twice once or twice': async ({ broker, other, subqueue }) => {
    const dispatch = newDispatch(subqueue)
    await Promise.all([broker.publish([dispatch]), other.publish([dispatch])])
    const taken = await takeAll(broker, subqueue)
    expect(new Set(taken)).toEqual(new Set([dispatch.taskId]))
    expect(taken.length).toBeLessThanOrEqual(2)
    await expect.poll(() => other.depths([subqueue]), { timeout: 5_000 }).toEqual([0])
  },

  'takes up again what is published after its subqueue ran dry': async ({ broker, other, subqueue }) => {
    for (const dispatch of newDispatches(subqueue, 3)) {
      await broker.publish([dispatch])
      expect(await takeAll(other, subqueue)).toEqual([dispatch.taskId])
    }
  },
} as const satisfies Record<string, Case>
