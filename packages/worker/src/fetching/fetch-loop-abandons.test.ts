import type { TaskId } from '@taskflow/tasks'
import { settled } from '@taskflow/testing/hand-clock'
import { describe, expect, test } from 'vitest'
import { lease } from '../../test/fake-work-store.ts'
import { setupFetchLoop as setup } from '../../test/setup-fetch-loop.ts'

const IDS = ['a', 'b'] as unknown as readonly TaskId[]

describe('fetch loop › abandons', () => {
  test('a take that gets no answer, and takes again', async () => {
    const { subject, start, claimer, clock, takes, stalls } = setup()
    await start()
    await clock.advance(9_999)
    expect({ takes: takes.length, stalls }).toEqual({ takes: 1, stalls: [] })
    await clock.advance(1)
    expect({ takes: takes.length, stalls, failures: claimer.failures }).toEqual({
      takes: 2,
      stalls: [10_000],
      failures: 1,
    })
    expect(takes[0]?.request.signal.aborted).toBe(true)
    expect(takes[1]?.request.signal.aborted).toBe(false)
    // It has not fetched, however often it tries.
    await clock.advance(10_000)
    expect({ stalls, silence: subject.sinceFetchMs() }).toEqual({ stalls: [10_000, 10_000], silence: 20_000 })
  })

  test('no take that is answered in time, however often', async () => {
    const { subject, start, clock, deliver, stalls } = setup()
    await start()
    for (let nth = 0; nth < 10; nth++) {
      await clock.advance(2_000)
      await deliver(nth, undefined)
    }
    expect({ stalls, silence: subject.sinceFetchMs() }).toEqual({ stalls: [], silence: 0 })
  })

  test('nothing before it has read what arrived while the process was frozen', async () => {
    const { start, clock, takes, deliver, stalls, state } = setup()
    await start()
    state.frozenMs = 15_000
    // The timers run first, and then the answer that has already arrived.
    await clock.advance(9_950)
    await deliver(0, undefined)
    await clock.advance(1_000)
    expect({ stalls, takes: takes.length }).toEqual({ stalls: [], takes: 2 })
    await clock.advance(9_000)
    expect({ stalls, takes: takes.length }).toEqual({ stalls: [10_000], takes: 3 })
  })

  test('a run whose delivery arrives too late, and releases the delivery', async () => {
    const { subject, start, clock, claims, deliver, delivery, done, takes } = setup()
    await start()
    await clock.advance(10_000)
    await deliver(0, delivery(IDS))
    expect({ done, claims, takes: takes.length }).toEqual({ done: ['release delivery'], claims: [], takes: 2 })
    expect(subject.sinceFetchMs()).toBe(10_000)
  })

  test('a claim that gets no answer, and releases its delivery', async () => {
    const { start, claimer, clock, takes, deliver, delivery, done, stalls } = setup()
    await start()
    await deliver(0, delivery(IDS))
    expect(claimer.underWay).toBe(1)
    await clock.advance(10_000)
    expect({ done, stalls, failures: claimer.failures }).toEqual({
      done: ['release delivery'],
      stalls: [10_000],
      failures: 1,
    })
    expect({ takes: takes.length, claim: claimer.underWay }).toEqual({ takes: 2, claim: undefined })
  })

  test('a run whose leases arrive too late, and releases them without an effect on the claim of the next run', async () => {
    const { start, claimer, clock, deliver, grant, delivery, done, slots } = setup()
    await start()
    await deliver(0, delivery(IDS))
    await clock.advance(10_000)
    await deliver(1, delivery())
    expect(claimer.underWay).toBe(2)
    await grant(0, lease('a'), lease('a'))
    expect(done).toEqual(['release delivery', 'release 2'])
    expect(claimer.underWay).toBe(2)
    await grant(1, lease('a'))
    expect(done.slice(2)).toEqual(['run 1', 'acknowledge 1'])
    expect(slots.size).toBe(1)
  })

  test('a claim that fails too late, and counts it as one that may have leaked leases', async () => {
    const { start, claimer, clock, claims, deliver, delivery, done } = setup()
    await start()
    await deliver(0, delivery())
    await clock.advance(10_000)
    claims[0]?.reject(new Error('reset'))
    await settled()
    expect({ done, failures: claimer.failures }).toEqual({ done: ['release delivery'], failures: 2 })
  })

  test('an acknowledgement that gets no answer', async () => {
    const { start, clock, takes, deliver, grant, delivery, slots, stalls } = setup()
    await start()
    await deliver(0, { ...delivery(), acknowledge: () => new Promise(() => {}) })
    await grant(0, lease('a'))
    await clock.advance(10_000)
    expect({ stalls, takes: takes.length, slots: slots.size }).toEqual({ stalls: [10_000], takes: 2, slots: 1 })
  })

  test('nothing that fails at once, but shows that it has not fetched', async () => {
    const { subject, start, clock, takes, stalls } = setup()
    await start()
    for (let tries = 0; subject.sinceFetchMs() < 30_000; tries++) {
      takes[tries]?.reject(new Error('unavailable'))
      await clock.advance(2_000)
    }
    expect(stalls).toEqual([])
    expect(takes.length).toBeGreaterThan(10)
  })
})
