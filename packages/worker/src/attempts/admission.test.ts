import { EventEmitter } from 'node:events'
import type { TaskFlowEvents } from '@taskflow/kernel'
import { type AttemptOutcome, CRASH_LIMIT } from '@taskflow/tasks'
import { newTaskType } from '@taskflow/testing/factories'
import { handClock, settled } from '@taskflow/testing/hand-clock'
import { expect, test } from 'vitest'
import { lease } from '../../test/fake-work-store.ts'
import type { RunnerHandle } from '../placement/runner-handle.ts'
import { Admission } from './admission.ts'
import { attemptStarter } from './attempt-starter.ts'
import { finisher } from './finisher.ts'
import type { HeldAttempt } from './held-attempt.ts'
import { runnerReports } from './runner-reports.ts'
import { Slots } from './slots.ts'

function setup({ slotCount = 10 } = {}) {
  const slots = new Slots(slotCount)
  const clock = handClock()
  const started: string[][] = []
  const ends: AttemptOutcome['kind'][] = []
  const notCalled = (): never => {
    throw new Error('Nothing runs here')
  }
  let acquired = 0
  const acquirers: ((runner: RunnerHandle) => void)[] = []
  const settler = { settle: (_: HeldAttempt, { kind }: AttemptOutcome) => void ends.push(kind) }
  const finishing = finisher({ slots, settler })
  const { onReport } = runnerReports({
    slots,
    finisher: finishing,
    journal: { append: notCalled, record: notCalled },
    clock,
    abandoned: { onEnd: notCalled, onGone: notCalled },
    events: new EventEmitter<TaskFlowEvents>(),
  })
  const starter = attemptStarter({
    slots,
    finisher: finishing,
    stopper: { watch: notCalled },
    shared: {
      current: { run: (orders) => started.push(orders.map(({ taskId }) => taskId)) } as Pick<
        RunnerHandle,
        'run'
      > as RunnerHandle,
      whenReady: async () => {},
    },
    isolated: {
      acquire() {
        acquired++
        return new Promise<RunnerHandle>((resolve) => acquirers.push(resolve))
      },
      release() {},
    },
    clock,
  })
  const types = [{ ...newTaskType('a'), isolation: null }]
  const subject = new Admission({ slots, settler, finisher: finishing, starter, clock, types })
  const { finish } = finishing
  return { subject, slots, ends, clock, started, finish, onReport, processes: () => acquired, acquirers }
}

const suspects = (length: number) => Array.from({ length }, () => lease('a', null, { crashCount: CRASH_LIMIT - 1 }))

test('releases suspects that wait for a process when the worker stops, without starting one', () => {
  const { subject, slots, ends, finish, processes } = setup()
  subject.begin(suspects(7))
  expect(processes()).toBe(4)
  const reason = { name: 'Draining', message: 'The worker is draining' }
  for (const attempt of slots)
    attempt.stop = { cause: 'draining', reason, ping: 0, forceAt: 0, mayAbandon: true, isRenewed: false }
  const [first] = slots
  if (first) finish(first, { kind: 'released' })
  expect({ processes: processes(), ends }).toEqual({ processes: 4, ends: Array(4).fill('released') })
})

test('starts attempts that wait for a slot in their order, as others end', async () => {
  const { subject, slots, started, finish } = setup({ slotCount: 2 })
  const leases = Array.from({ length: 5 }, () => lease('a'))
  const ids = leases.map(({ taskId }) => taskId)
  subject.begin(leases)
  await settled()
  expect(started).toEqual([ids.slice(0, 2)])
  const [first, second] = slots
  finish(first!, { kind: 'succeeded', result: 'null' })
  finish(second!, { kind: 'succeeded', result: 'null' })
  await settled()
  expect(started).toEqual([ids.slice(0, 2), [ids[2]], [ids[3]]])
})

test('starts attempts together when others have ended together', async () => {
  const { subject, slots, started, onReport } = setup({ slotCount: 2 })
  subject.begin(Array.from({ length: 4 }, () => lease('a')))
  await settled()
  const succeeded = [...slots].slice(0, 2).flatMap(({ key }) => [key, 'null'])
  const runner = { placement: 'shared' } as RunnerHandle
  onReport({ kind: 'report', succeeded, ended: [], logs: [], progress: [], beats: [], lateErrors: [] }, runner)
  await settled()
  expect(started.map(({ length }) => length)).toEqual([2, 2])
})

test('releases attempts that have waited too long for a slot, because another worker may be free', async () => {
  const { subject, slots, ends, clock } = setup({ slotCount: 1 })
  subject.begin([lease('a'), lease('a'), lease('a')])
  await clock.advance(200)
  expect(ends).toEqual([])
  await clock.advance(300)
  expect({ ends, left: slots.size }).toEqual({ ends: ['released', 'released'], left: 1 })
})

test('does not release suspects that wait for their turn', async () => {
  const { subject, ends, clock } = setup()
  subject.begin(suspects(5))
  await clock.advance(10_000)
  expect(ends).toEqual([])
})

test('releases attempts that wait for a slot when the worker stops', () => {
  const { subject, slots, ends } = setup({ slotCount: 1 })
  subject.begin([lease('a'), lease('a')])
  subject.releaseWaiting()
  expect({ ends, left: slots.size }).toEqual({ ends: ['released'], left: 1 })
})

test('starts the next suspect when one was stopped before its process was ready', async () => {
  const { subject, slots, processes, acquirers } = setup()
  subject.begin(suspects(6))
  const reason = { name: 'Cancelled', message: 'It was cancelled' }
  for (const attempt of [...slots].slice(0, 4))
    attempt.stop = { cause: 'cancelled', reason, ping: 0, forceAt: 0, mayAbandon: true, isRenewed: false }
  for (const resolve of acquirers.slice(0, 4)) resolve({ placement: 'process' } as RunnerHandle)
  await settled()
  expect(processes()).toBe(6)
})

test('does not count suspects of a lost incarnation against the limit of the next one', async () => {
  const { subject, slots, processes } = setup()
  subject.begin(suspects(4))
  for (const attempt of [...slots]) slots.remove(attempt)
  subject.begin(suspects(4))
  expect(processes()).toBe(8)
})
