import { expect } from 'vitest'
import { within } from '../wait.ts'
import { type Case, newDispatch, newLine, quieten, take } from './given.ts'

/** What holds for every broker, also for one that only says that there may be tasks. */
export const wakeUpCases = {
  'has word of what came before anybody took': async ({ open, tell, line }) => {
    await tell([newDispatch(line)])
    const late = await open()
    expect(await take(late, line)).toBeDefined()
  },

  'gives word within a second, of what another client tells while it waits': async (given) => {
    await quieten(given)
    const waiting = take(given.broker, given.line, { waitMs: 30_000 })
    await given.tell([newDispatch(given.line)])
    expect(await within(1_000, waiting, 'word of a dispatch')).toBeDefined()
  },

  'does not wake a taker of other queues': async (given) => {
    await quieten(given)
    await given.tell([newDispatch({ ...given.line, queue: newLine().queue })])
    expect(await take(given.broker, given.line, { waitMs: 300 })).toBeUndefined()
  },

  'gives nothing when the time is up, and not before': async (given) => {
    await quieten(given)
    const startedAt = performance.now()
    const delivery = await within(2_000, take(given.broker, given.line, { waitMs: 500 }), 'the end of 500 ms')
    expect(delivery).toBeUndefined()
    // Timers of other clocks may run a little fast.
    expect(performance.now() - startedAt).toBeGreaterThan(450)
  },

  'does not wait where it is told not to': async (given) => {
    await quieten(given)
    expect(await within(1_000, take(given.broker, given.line, { waitMs: 0 }), 'an answer')).toBeUndefined()
  },

  'stops waiting when aborted': async (given) => {
    await quieten(given)
    const controller = new AbortController()
    const waiting = take(given.broker, given.line, { waitMs: 60_000, signal: controller.signal })
    controller.abort()
    expect(await within(1_000, waiting, 'the end of an aborted take')).toBeUndefined()
  },

  'gives nothing to a taker that was aborted before': async ({ open, tell, line }) => {
    const client = await open()
    await tell([newDispatch(line)])
    const aborted = take(client, line, { waitMs: 60_000, signal: AbortSignal.abort() })
    expect(await within(1_000, aborted, 'the end of an aborted take')).toBeUndefined()
    expect(await take(client, line)).toBeDefined()
  },

  'gives word again after a release': async (given) => {
    await quieten(given)
    await given.tell([newDispatch(given.line)])
    await (await take(given.broker, given.line))?.release()
    expect(await take(given.broker, given.line)).toBeDefined()
  },

  'ends the takes that wait when it is closed': async (given) => {
    const client = await given.open()
    await quieten({ ...given, broker: client })
    const waiting = take(client, given.line, { waitMs: 60_000 })
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

/** What holds where the database itself keeps the lines. */
export const withoutLinesCases = {
  'says that there may be some, and never which': async ({ open, tell, line }) => {
    const client = await open()
    await tell([newDispatch(line)])
    expect((await take(client, line))?.tasks).toBe('any')
    expect(await client.depths([line])).toBeUndefined()
  },
} as const satisfies Record<string, Case>
