import { EventEmitter } from 'node:events'
import type { TaskFlowEvents } from '@taskflow/kernel'
import { type AttemptOutcome, CRASH_LIMIT, type WorkerId } from '@taskflow/tasks'
import { newTaskType } from '@taskflow/testing/factories'
import { handClock, settled } from '@taskflow/testing/hand-clock'
import { expect, test } from 'vitest'
import { lease } from '../test/fake-work-store.ts'
import { attempts } from './attempts.ts'
import type { RunnerHandle } from './placement/runner-handle.ts'
import { slots } from './slots.ts'

function setup({ slotCount = 10 } = {}) {
  const inHand = slots(slotCount)
  const clock = handClock()
  const started: string[][] = []
  const ends: AttemptOutcome['kind'][] = []
  const notCalled = (): never => {
    throw new Error('Nothing runs here')
  }
  let borrowed = 0
  const borrowers: ((runner: RunnerHandle) => void)[] = []
  const subject = attempts({
    slots: inHand,
    settler: {
      settle: (_, { kind }) => void ends.push(kind),
      pending: 0,
      isSettling: () => false,
      released: 0,
      change: inHand.change,
      takeTallies: () => [],
      returnTallies: notCalled,
    },
    journal: { append: notCalled, record: notCalled },
    shared: {
      current: { run: (orders) => started.push(orders.map(({ taskId }) => taskId)) } as Pick<
        RunnerHandle,
        'run'
      > as RunnerHandle,
      isReady: true,
      start: notCalled,
      whenReady: async () => {},
      replace: notCalled,
      stop: notCalled,
    },
    isolated: {
      borrow() {
        borrowed++
        return new Promise<RunnerHandle>((resolve) => borrowers.push(resolve))
      },
      giveBack() {},
      stop: notCalled,
    },
    clock,
    events: new EventEmitter<TaskFlowEvents>(),
    log: { debug() {}, info() {}, warn() {}, error() {} },
    watch: notCalled,
  })
  subject.know([{ ...newTaskType('a'), isolation: null }])
  return { subject, inHand, ends, clock, started, processes: () => borrowed, borrowers }
}

test('suspects that wait for a process when the worker stops are handed back without one', () => {
  const { subject, inHand, ends, processes } = setup()
  const suspects = Array.from({ length: 7 }, () => lease('a', null, { crashCount: CRASH_LIMIT - 1 }))
  subject.begin(suspects, 'w' as WorkerId)
  expect(processes()).toBe(4)
  const reason = { name: 'Draining', message: 'The worker is draining' }
  for (const attempt of inHand) attempt.stop = { cause: 'draining', reason, ping: 0, forceAt: 0 }
  const [first] = inHand
  if (first) subject.finish(first, { kind: 'released' })
  expect({ processes: processes(), ends }).toEqual({ processes: 4, ends: Array(4).fill('released') })
})

test('those for which there is no slot wait, and start in their order as others end', async () => {
  const { subject, inHand, started } = setup({ slotCount: 2 })
  const leases = Array.from({ length: 5 }, () => lease('a'))
  const ids = leases.map(({ taskId }) => taskId)
  subject.begin(leases, 'w' as WorkerId)
  await settled()
  expect(started).toEqual([ids.slice(0, 2)])
  const [first, second] = inHand
  subject.finish(first!, { kind: 'succeeded', result: 'null' })
  subject.finish(second!, { kind: 'succeeded', result: 'null' })
  await settled()
  expect(started).toEqual([ids.slice(0, 2), [ids[2]], [ids[3]]])
})

test('attempts that end together make room for others that start together', async () => {
  const { subject, inHand, started } = setup({ slotCount: 2 })
  const leases = Array.from({ length: 4 }, () => lease('a'))
  subject.begin(leases, 'w' as WorkerId)
  await settled()
  const succeeded = [...inHand].slice(0, 2).flatMap(({ key }) => [key, 'null'])
  const runner = { placement: 'shared' } as RunnerHandle
  subject.onReport({ kind: 'report', succeeded, ended: [], logs: [], progress: [], beats: [] }, runner)
  await settled()
  expect(started.map(({ length }) => length)).toEqual([2, 2])
})

test('what waits too long for a slot is handed back, for others may have one', async () => {
  const { subject, inHand, ends, clock } = setup({ slotCount: 1 })
  subject.begin([lease('a'), lease('a'), lease('a')], 'w' as WorkerId)
  await clock.advance(200)
  expect(ends).toEqual([])
  await clock.advance(300)
  expect({ ends, left: inHand.size }).toEqual({ ends: ['released', 'released'], left: 1 })
})

test('a suspect that waits for its turn is not handed back', async () => {
  const { subject, ends, clock } = setup()
  const suspects = Array.from({ length: 5 }, () => lease('a', null, { crashCount: CRASH_LIMIT - 1 }))
  subject.begin(suspects, 'w' as WorkerId)
  await clock.advance(10_000)
  expect(ends).toEqual([])
})

test('a worker that stops hands back what waits for a slot', () => {
  const { subject, inHand, ends } = setup({ slotCount: 1 })
  subject.begin([lease('a'), lease('a')], 'w' as WorkerId)
  subject.releaseWaiting()
  expect({ ends, left: inHand.size }).toEqual({ ends: ['released'], left: 1 })
})

test('a suspect that is no more wanted when its process is there makes room for the next', async () => {
  const { subject, inHand, processes, borrowers } = setup()
  const suspects = Array.from({ length: 6 }, () => lease('a', null, { crashCount: CRASH_LIMIT - 1 }))
  subject.begin(suspects, 'w' as WorkerId)
  const reason = { name: 'Cancelled', message: 'It was cancelled' }
  for (const attempt of [...inHand].slice(0, 4)) attempt.stop = { cause: 'cancelled', reason, ping: 0, forceAt: 0 }
  for (const resolve of borrowers.slice(0, 4)) resolve({ placement: 'process' } as RunnerHandle)
  await settled()
  expect(processes()).toBe(6)
})

test('suspects of a worker that was declared dead keep none of its next from running', async () => {
  const { subject, inHand, processes } = setup()
  const suspects = () => Array.from({ length: 4 }, () => lease('a', null, { crashCount: CRASH_LIMIT - 1 }))
  subject.begin(suspects(), 'w' as WorkerId)
  for (const attempt of [...inHand]) inHand.remove(attempt)
  subject.begin(suspects(), 'v' as WorkerId)
  expect(processes()).toBe(8)
})
