import { EventEmitter } from 'node:events'
import type { TaskFlowEvents } from '@taskflow/kernel'
import type { ClaimRequest, Delivery, Lease, TakeOptions, TaskId, WorkerId } from '@taskflow/tasks'
import { newTaskType } from '@taskflow/testing/factories'
import { handClock, settled } from '@taskflow/testing/hand-clock'
import { afterEach, describe, expect, test } from 'vitest'
import { lease } from '../test/fake-work-store.ts'
import { bell } from './bell.ts'
import { fetchLoop } from './fetch-loop.ts'
import { holdAttempt } from './held-attempt.ts'
import { slots } from './slots.ts'

const WORKER = 'w' as WorkerId
const IDS = ['a', 'b'] as unknown as readonly TaskId[]

/** A call that waits for the test to answer it. */
interface Call<Asked, Answer> extends PromiseWithResolvers<Answer> {
  readonly asked: Asked
}

function answeredByHand<Asked, Answer>() {
  const calls: Call<Asked, Answer>[] = []
  const ask = (asked: Asked): Promise<Answer> => {
    const call = { asked, ...Promise.withResolvers<Answer>() }
    calls.push(call)
    return call.promise
  }
  return { calls, ask }
}

const endings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0)) await end()
})

function setup({ slotCount = 4 } = {}) {
  const byHand = handClock()
  const state = { workerId: WORKER as WorkerId | undefined, doubts: 0, frozenMs: 0 }
  const clock = { ...byHand, monotonicMs: () => byHand.monotonicMs() + state.frozenMs }
  const events = new EventEmitter<TaskFlowEvents>()
  const takes = answeredByHand<TakeOptions, Delivery | undefined>()
  const claims = answeredByHand<ClaimRequest, Lease[]>()
  const inHand = slots(slotCount)
  const said: string[] = []
  const errors: unknown[] = []
  const stalls: number[] = []
  events.on('fetch.stalled', ({ sinceMs }) => stalls.push(sinceMs))

  const type = { ...newTaskType('a'), isolation: null }
  let key = 0
  const subject = fetchLoop({
    storage: { claimTasks: claims.ask },
    broker: { take: takes.ask },
    clock,
    ids: { next: () => '0190a0b0-c0d0-7000-8000-000000000001' },
    events,
    slots: inHand,
    settler: { pending: 0, change: bell() },
    project: 'p',
    types: ['a'],
    nextQueues: () => ({ queues: ['q'], isDrawn: false }),
    welcomedAs: () => state.workerId,
    whenWelcome: async (signal) => {
      while (state.workerId === undefined && !signal.aborted) await clock.sleep(50, signal)
    },
    onClaimed(leases, workerId) {
      said.push(`run ${leases.length}`)
      for (const each of leases) inHand.add(holdAttempt(++key, each, type, workerId, clock.monotonicMs()))
    },
    onClaimedLate: (leases) => said.push(`hand back ${leases.length}`),
    onClaimFailed: () => state.doubts++,
    onError: (error) => errors.push(error),
  })
  endings.push(async () => {
    const stopped = subject.stop()
    for (const { resolve } of takes.calls) resolve(undefined)
    for (const { resolve } of claims.calls) resolve([])
    await stopped
  })

  const delivery = (tasks: Delivery['tasks'] = 'any'): Delivery => ({
    tasks,
    acknowledge: async (claimed) => void said.push(`acknowledge ${claimed}`),
    release: async () => void said.push('release'),
  })

  async function answer<Asked, Answer>({ calls }: { calls: Call<Asked, Answer>[] }, nth: number, given: Answer) {
    const call = calls[nth]
    if (!call) throw new Error(`Expected ${nth + 1} calls, got ${calls.length}`)
    call.resolve(given)
    await settled()
  }

  return {
    subject,
    clock,
    inHand,
    said,
    errors,
    stalls,
    state,
    takes: takes.calls,
    claims: claims.calls,
    delivery,
    deliver: (nth: number, given: Delivery | undefined) => answer(takes, nth, given),
    grant: (nth: number, ...given: Lease[]) => answer(claims, nth, given),
    async start() {
      subject.start()
      await settled()
    },
  }
}

describe('fetch loop › goes round', () => {
  test('taking as many as there are free slots, and saying how many it got', async () => {
    const { start, takes, claims, deliver, grant, delivery, said } = setup()
    await start()
    expect(takes[0]?.asked).toMatchObject({ project: 'p', queues: ['q'], isDrawn: false, types: ['a'], max: 4 })
    await deliver(0, delivery())
    expect(claims[0]?.asked).toMatchObject({ workerId: WORKER, queues: ['q'], isDrawn: false, types: ['a'], max: 4 })
    await grant(0, lease('a'), lease('a'), lease('a'))
    expect(said).toEqual(['run 3', 'acknowledge 3'])
    expect(takes[1]?.asked.max).toBe(1)
  })

  test('claiming the tasks that the broker names, and no others', async () => {
    const { start, claims, deliver, delivery } = setup()
    await start()
    await deliver(0, delivery(IDS))
    expect(claims[0]?.asked.ids).toEqual(IDS)
  })

  test('after tasks that others have claimed already, as after any', async () => {
    const { start, takes, deliver, grant, delivery, said, errors } = setup()
    await start()
    for (const nth of [0, 1, 2]) {
      await deliver(nth, delivery(IDS))
      await grant(nth)
    }
    expect(said).toEqual(Array(3).fill('acknowledge 0'))
    expect(takes).toHaveLength(4)
    expect(errors).toEqual([])
  })

  test('giving the word back when the claim fails, which leaves doubt about what it took', async () => {
    const { start, clock, takes, claims, deliver, delivery, said, errors, state } = setup()
    await start()
    await deliver(0, delivery(IDS))
    claims[0]?.reject(new Error('away'))
    await settled()
    expect({ said, doubts: state.doubts, errors }).toEqual({
      said: ['release'],
      doubts: 1,
      errors: [new Error('away')],
    })
    await clock.advance(50)
    expect(takes).toHaveLength(2)
  })

  test('though the broker does not hear what became of a delivery', async () => {
    const { start, takes, claims, deliver, grant, delivery, errors, inHand, clock } = setup()
    const deaf = (tasks: Delivery['tasks']): Delivery => ({
      ...delivery(tasks),
      acknowledge: () => Promise.reject(new Error('not acknowledged')),
      release: () => Promise.reject(new Error('not released')),
    })
    await start()
    await deliver(0, deaf('any'))
    await grant(0, lease('a'))
    expect(inHand.size).toBe(1)
    expect(errors).toEqual([new Error('not acknowledged')])
    await deliver(1, deaf('any'))
    claims[1]?.reject(new Error('away'))
    await settled()
    expect(errors.slice(1)).toEqual([new Error('not released'), new Error('away')])
    await clock.advance(50)
    expect(takes).toHaveLength(3)
  })

  test('and gives a delivery back that comes while this worker may not claim', async () => {
    const { start, clock, takes, claims, deliver, delivery, said, state } = setup()
    await start()
    state.workerId = undefined
    await deliver(0, delivery(IDS))
    expect({ said, claims, takes: takes.length }).toEqual({ said: ['release'], claims: [], takes: 1 })
    state.workerId = 'another' as WorkerId
    await clock.advance(50)
    await deliver(1, delivery())
    expect(claims[0]?.asked.workerId).toBe('another')
  })

  test('not while all slots are taken, and that is no silence', async () => {
    const { subject, start, clock, takes, deliver, grant, delivery, inHand } = setup({ slotCount: 1 })
    await start()
    await deliver(0, delivery())
    await grant(0, lease('a'))
    await clock.advance(60_000)
    expect({ takes: takes.length, silence: subject.sinceFetchMs() }).toEqual({ takes: 1, silence: 0 })
    for (const attempt of [...inHand]) inHand.remove(attempt)
    await settled()
    await clock.advance(700)
    expect({ takes: takes.length, silence: subject.sinceFetchMs() }).toEqual({ takes: 2, silence: 700 })
  })
})

describe('fetch loop › gives up', () => {
  test('a take that does not come back, and begins anew', async () => {
    const { subject, start, clock, takes, stalls, state } = setup()
    await start()
    await clock.advance(9_999)
    expect({ takes: takes.length, stalls }).toEqual({ takes: 1, stalls: [] })
    await clock.advance(1)
    expect({ takes: takes.length, stalls, doubts: state.doubts }).toEqual({ takes: 2, stalls: [10_000], doubts: 1 })
    expect(takes[0]?.asked.signal.aborted).toBe(true)
    expect(takes[1]?.asked.signal.aborted).toBe(false)
    // It has not looked for tasks, whatever it tries.
    await clock.advance(10_000)
    expect({ stalls, silence: subject.sinceFetchMs() }).toEqual({ stalls: [10_000, 10_000], silence: 20_000 })
  })

  test('no take that comes back in time, however often', async () => {
    const { subject, start, clock, deliver, stalls } = setup()
    await start()
    for (let nth = 0; nth < 10; nth++) {
      await clock.advance(2_000)
      await deliver(nth, undefined)
    }
    expect({ stalls, silence: subject.sinceFetchMs() }).toEqual({ stalls: [], silence: 0 })
  })

  test('nothing before it has heard what arrived while the process was frozen', async () => {
    const { start, clock, takes, deliver, stalls, state } = setup()
    await start()
    state.frozenMs = 15_000
    // The timers come first, and then the answer that is there already.
    await clock.advance(9_950)
    await deliver(0, undefined)
    await clock.advance(1_000)
    expect({ stalls, takes: takes.length }).toEqual({ stalls: [], takes: 2 })
    await clock.advance(9_000)
    expect({ stalls, takes: takes.length }).toEqual({ stalls: [10_000], takes: 3 })
  })

  test('a delivery that comes too late is released', async () => {
    const { subject, start, clock, claims, deliver, delivery, said, takes } = setup()
    await start()
    await clock.advance(10_000)
    await deliver(0, delivery(IDS))
    expect({ said, claims, takes: takes.length }).toEqual({ said: ['release'], claims: [], takes: 2 })
    expect(subject.sinceFetchMs()).toBe(10_000)
  })

  test('a claim that does not come back, and what it was told of', async () => {
    const { subject, start, clock, takes, deliver, delivery, said, stalls, state } = setup()
    await start()
    await deliver(0, delivery(IDS))
    expect(subject.claimUnderWay).toBe(1)
    await clock.advance(10_000)
    expect({ said, stalls, doubts: state.doubts }).toEqual({ said: ['release'], stalls: [10_000], doubts: 1 })
    expect({ takes: takes.length, claim: subject.claimUnderWay }).toEqual({ takes: 2, claim: undefined })
  })

  test('leases that come too late are handed back, and leave the claim of the next run alone', async () => {
    const { subject, start, clock, deliver, grant, delivery, said, inHand } = setup()
    await start()
    await deliver(0, delivery(IDS))
    await clock.advance(10_000)
    await deliver(1, delivery())
    expect(subject.claimUnderWay).toBe(2)
    await grant(0, lease('a'), lease('a'))
    expect(said).toEqual(['release', 'hand back 2'])
    expect(subject.claimUnderWay).toBe(2)
    await grant(1, lease('a'))
    expect(said.slice(2)).toEqual(['run 1', 'acknowledge 1'])
    expect(inHand.size).toBe(1)
  })

  test('a claim that fails too late, which may have taken something all the same', async () => {
    const { start, clock, claims, deliver, delivery, said, state } = setup()
    await start()
    await deliver(0, delivery())
    await clock.advance(10_000)
    claims[0]?.reject(new Error('reset'))
    await settled()
    expect({ said, doubts: state.doubts }).toEqual({ said: ['release'], doubts: 2 })
  })

  test('an acknowledgement that does not come back', async () => {
    const { start, clock, takes, deliver, grant, delivery, inHand, stalls } = setup()
    await start()
    await deliver(0, { ...delivery(), acknowledge: () => new Promise(() => {}) })
    await grant(0, lease('a'))
    await clock.advance(10_000)
    expect({ stalls, takes: takes.length, inHand: inHand.size }).toEqual({ stalls: [10_000], takes: 2, inHand: 1 })
  })

  test('nothing that fails at once, but tells that it has not fetched', async () => {
    const { subject, start, clock, takes, stalls } = setup()
    await start()
    for (let tries = 0; subject.sinceFetchMs() < 30_000; tries++) {
      takes[tries]?.reject(new Error('away'))
      await clock.advance(2_000)
    }
    expect(stalls).toEqual([])
    expect(takes.length).toBeGreaterThan(10)
  })
})

describe('fetch loop › rests', () => {
  test('at once when it is told to, and goes on when it is started again', async () => {
    const { subject, start, clock, takes, deliver, delivery, said } = setup()
    await start()
    await clock.advance(1_000)
    subject.rest()
    expect(takes[0]?.asked.signal.aborted).toBe(true)
    await deliver(0, delivery(IDS))
    await clock.advance(60_000)
    expect({ said, takes: takes.length, silence: subject.sinceFetchMs() }).toEqual({
      said: ['release'],
      takes: 1,
      silence: 0,
    })
    await start()
    expect(takes).toHaveLength(2)
  })

  test('and still runs what a claim under way brings', async () => {
    const { subject, start, takes, deliver, grant, delivery, said } = setup()
    await start()
    await deliver(0, delivery(IDS))
    subject.rest()
    await start()
    // The slots of that claim are not to be claimed for twice.
    expect({ takes: takes.length, claim: subject.claimUnderWay }).toEqual({ takes: 1, claim: 1 })
    await grant(0, lease('a'), lease('a'))
    expect(said).toEqual(['run 2', 'acknowledge 2'])
    expect(takes[1]?.asked.max).toBe(2)
  })

  test('though all its slots are taken', async () => {
    const { subject, start, takes, deliver, grant, delivery, inHand } = setup({ slotCount: 1 })
    await start()
    await deliver(0, delivery())
    await grant(0, lease('a'))
    subject.rest()
    for (const attempt of [...inHand]) inHand.remove(attempt)
    await settled()
    expect(takes).toHaveLength(1)
    await start()
    expect(takes).toHaveLength(2)
  })

  test('started once, however often it is told to start', async () => {
    const { start, takes } = setup()
    await start()
    await start()
    expect(takes).toHaveLength(1)
  })

  test('for good once it is stopped', async () => {
    const { subject, start, takes, deliver } = setup()
    await start()
    const stopped = subject.stop()
    await deliver(0, undefined)
    await stopped
    await start()
    expect(takes).toHaveLength(1)
  })

  test('within its bound when it is stopped, though the database does not answer', async () => {
    const { subject, start, clock, takes, deliver, grant, delivery, said } = setup()
    await start()
    await deliver(0, delivery())
    let isStopped = false
    const stopped = subject.stop().then(() => {
      isStopped = true
    })
    await clock.advance(9_999)
    expect(isStopped).toBe(false)
    await clock.advance(1)
    await stopped
    await grant(0, lease('a'))
    expect({ said, takes: takes.length }).toEqual({ said: ['release', 'hand back 1'], takes: 1 })
  })
})
