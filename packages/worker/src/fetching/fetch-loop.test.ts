import type { Delivery, TaskId, WorkerId } from '@taskflow/tasks'
import { settled } from '@taskflow/testing/hand-clock'
import { describe, expect, test } from 'vitest'
import { lease } from '../../test/fake-work-store.ts'
import { setupFetchLoop as setup } from '../../test/setup-fetch-loop.ts'

const IDS = ['a', 'b'] as unknown as readonly TaskId[]

describe('fetch loop › takes', () => {
  test('as many tasks as there are free slots, and acknowledges how many it has claimed', async () => {
    const { start, takes, claims, deliver, grant, delivery, done } = setup()
    await start()
    expect(takes[0]?.request).toMatchObject({ project: 'p', queues: ['q'], isDrawn: false, types: ['a'], max: 4 })
    await deliver(0, delivery())
    expect(claims[0]?.request).toMatchObject({ workerId: 'w', queues: ['q'], isDrawn: false, types: ['a'], max: 4 })
    await grant(0, lease('a'), lease('a'), lease('a'))
    expect(done).toEqual(['run 3', 'acknowledge 3'])
    expect(takes[1]?.request.max).toBe(1)
  })

  test('the tasks that the broker names, and no others', async () => {
    const { start, claims, deliver, delivery } = setup()
    await start()
    await deliver(0, delivery(IDS))
    expect(claims[0]?.request.ids).toEqual(IDS)
  })

  test('again after tasks that others have claimed already', async () => {
    const { start, takes, deliver, grant, delivery, done, errors } = setup()
    await start()
    for (const nth of [0, 1, 2]) {
      await deliver(nth, delivery(IDS))
      await grant(nth)
    }
    expect(done).toEqual(Array(3).fill('acknowledge 0'))
    expect(takes).toHaveLength(4)
    expect(errors).toEqual([])
  })

  test('again after it has released the delivery of a claim that failed', async () => {
    const { start, claimer, clock, takes, claims, deliver, delivery, done, errors } = setup()
    await start()
    await deliver(0, delivery(IDS))
    claims[0]?.reject(new Error('unavailable'))
    await settled()
    expect({ done, failures: claimer.failures, errors }).toEqual({
      done: ['release delivery'],
      failures: 1,
      errors: [new Error('unavailable')],
    })
    await clock.advance(50)
    expect(takes).toHaveLength(2)
  })

  test('again when the broker does not receive what became of a delivery', async () => {
    const { start, takes, claims, deliver, grant, delivery, errors, slots, clock } = setup()
    const unreachable = (tasks: Delivery['tasks']): Delivery => ({
      ...delivery(tasks),
      acknowledge: () => Promise.reject(new Error('not acknowledged')),
      release: () => Promise.reject(new Error('not released')),
    })
    await start()
    await deliver(0, unreachable('any'))
    await grant(0, lease('a'))
    expect(slots.size).toBe(1)
    expect(errors).toEqual([new Error('not acknowledged')])
    await deliver(1, unreachable('any'))
    claims[1]?.reject(new Error('unavailable'))
    await settled()
    expect(errors.slice(1)).toEqual([new Error('not released'), new Error('unavailable')])
    await clock.advance(50)
    expect(takes).toHaveLength(3)
  })

  test('nothing while this worker may not claim, and releases a delivery that arrives then', async () => {
    const { start, clock, takes, claims, deliver, delivery, done, state } = setup()
    await start()
    state.workerId = undefined
    await deliver(0, delivery(IDS))
    expect({ done, claims, takes: takes.length }).toEqual({ done: ['release delivery'], claims: [], takes: 1 })
    state.workerId = 'another' as WorkerId
    await clock.advance(50)
    await deliver(1, delivery())
    expect(claims[0]?.request.workerId).toBe('another')
  })

  test('nothing while all slots are taken, and does not count that as silence', async () => {
    const { subject, start, clock, takes, deliver, grant, delivery, slots } = setup({ slotCount: 1 })
    await start()
    await deliver(0, delivery())
    await grant(0, lease('a'))
    await clock.advance(60_000)
    expect({ takes: takes.length, silence: subject.sinceFetchMs() }).toEqual({ takes: 1, silence: 0 })
    for (const attempt of [...slots]) slots.remove(attempt)
    await settled()
    await clock.advance(700)
    expect({ takes: takes.length, silence: subject.sinceFetchMs() }).toEqual({ takes: 2, silence: 700 })
  })
})

describe('fetch loop › pauses', () => {
  test('at once, and goes on when it is started again', async () => {
    const { subject, start, clock, takes, deliver, delivery, done } = setup()
    await start()
    await clock.advance(1_000)
    subject.pause()
    expect(takes[0]?.request.signal.aborted).toBe(true)
    await deliver(0, delivery(IDS))
    await clock.advance(60_000)
    expect({ done, takes: takes.length, silence: subject.sinceFetchMs() }).toEqual({
      done: ['release delivery'],
      takes: 1,
      silence: 0,
    })
    await start()
    expect(takes).toHaveLength(2)
  })

  test('and still runs the tasks of a claim under way', async () => {
    const { subject, start, claimer, takes, deliver, grant, delivery, done } = setup()
    await start()
    await deliver(0, delivery(IDS))
    subject.pause()
    await start()
    // Two claims for the same slots would claim too many tasks.
    expect({ takes: takes.length, claim: claimer.underWay }).toEqual({ takes: 1, claim: 1 })
    await grant(0, lease('a'), lease('a'))
    expect(done).toEqual(['run 2', 'acknowledge 2'])
    expect(takes[1]?.request.max).toBe(2)
  })

  test('while all its slots are taken', async () => {
    const { subject, start, takes, deliver, grant, delivery, slots } = setup({ slotCount: 1 })
    await start()
    await deliver(0, delivery())
    await grant(0, lease('a'))
    subject.pause()
    for (const attempt of [...slots]) slots.remove(attempt)
    await settled()
    expect(takes).toHaveLength(1)
    await start()
    expect(takes).toHaveLength(2)
  })

  test('never because it is started twice', async () => {
    const { start, takes } = setup()
    await start()
    await start()
    expect(takes).toHaveLength(1)
  })

  test('forever once it is stopped', async () => {
    const { subject, start, takes, deliver } = setup()
    await start()
    const stopped = subject.stop()
    await deliver(0, undefined)
    await stopped
    await start()
    expect(takes).toHaveLength(1)
  })

  test('within its bound when it is stopped while the database does not answer', async () => {
    const { subject, start, clock, takes, deliver, grant, delivery, done } = setup()
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
    expect({ done, takes: takes.length }).toEqual({ done: ['release delivery', 'release 1'], takes: 1 })
  })
})
