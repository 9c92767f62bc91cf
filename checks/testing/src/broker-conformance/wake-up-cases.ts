import { expect } from 'vitest'
import { within } from '../wait.ts'
import { type Case, newDispatch, newSubqueue, quieten, take } from './given.ts'

/** Cases for every broker, also for one that only reports that there may be tasks. */
export const wakeUpCases = {
  'delivers what was published before the first take': async (given) => {
    await given.notify([newDispatch(given.subqueue)])
    const late = await given.open()
    expect(await take(late, given.subqueue)).toBeDefined()
  },

  'delivers within a second what another client publishes during a take': async (given) => {
    await quieten(given)
    const waiting = take(given.broker, given.subqueue, { waitMs: 30_000 })
    await given.notify([newDispatch(given.subqueue)])
    expect(await within(1_000, waiting, 'the delivery of a dispatch')).toBeDefined()
  },

  'does not wake a consumer of other queues': async (given) => {
    await quieten(given)
    await given.notify([newDispatch({ ...given.subqueue, queue: newSubqueue().queue })])
    expect(await take(given.broker, given.subqueue, { waitMs: 300 })).toBeUndefined()
  },

  'returns nothing when the wait is over, and not before': async (given) => {
    await quieten(given)
    const startedAt = performance.now()
    const delivery = await within(2_000, take(given.broker, given.subqueue, { waitMs: 500 }), 'the end of 500 ms')
    expect(delivery).toBeUndefined()
    // Timers of other clocks may run a little fast.
    expect(performance.now() - startedAt).toBeGreaterThan(450)
  },

  'does not wait if the wait is zero': async (given) => {
    await quieten(given)
    expect(await within(1_000, take(given.broker, given.subqueue, { waitMs: 0 }), 'an answer')).toBeUndefined()
  },

  'stops waiting when aborted': async (given) => {
    await quieten(given)
    const controller = new AbortController()
    const waiting = take(given.broker, given.subqueue, { waitMs: 60_000, signal: controller.signal })
    controller.abort()
    expect(await within(1_000, waiting, 'the end of an aborted take')).toBeUndefined()
  },

  'delivers nothing to a take that was aborted before': async (given) => {
    const client = await given.open()
    await given.notify([newDispatch(given.subqueue)])
    const aborted = take(client, given.subqueue, { waitMs: 60_000, signal: AbortSignal.abort() })
    expect(await within(1_000, aborted, 'the end of an aborted take')).toBeUndefined()
    expect(await take(client, given.subqueue)).toBeDefined()
  },

  'delivers again after a release': async (given) => {
    await quieten(given)
    await given.notify([newDispatch(given.subqueue)])
    await (await take(given.broker, given.subqueue))?.release()
    expect(await take(given.broker, given.subqueue)).toBeDefined()
  },

  'ends the waiting takes when it is closed': async (given) => {
    const client = await given.open()
    await quieten({ ...given, broker: client })
    const waiting = take(client, given.subqueue, { waitMs: 60_000 })
    await client.close()
    expect(await within(1_000, waiting, 'the end of a take after close')).toBeUndefined()
  },

  'may be closed unused, and twice': async ({ open }) => {
    const client = await open()
    await client.close()
    await expect(client.close()).resolves.toBeUndefined()
  },

  'publishes nothing without complaint': async ({ broker }) => {
    await expect(broker.publish([])).resolves.toBeUndefined()
  },

  'answers a ping': async ({ broker }) => {
    await expect(within(5_000, broker.ping(), 'the answer')).resolves.toBeUndefined()
  },
} as const satisfies Record<string, Case>

/** Cases for a broker whose subqueues are in the database itself. */
export const anyTaskCases = {
  'reports that there may be tasks, and never which': async (given) => {
    const client = await given.open()
    await given.notify([newDispatch(given.subqueue)])
    expect((await take(client, given.subqueue))?.tasks).toBe('any')
    expect(await client.depths([given.subqueue])).toBeUndefined()
  },
} as const satisfies Record<string, Case>
