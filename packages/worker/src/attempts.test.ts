import { EventEmitter } from 'node:events'
import { type AttemptOutcome, CRASH_LIMIT, type TaskFlowEvents, type WorkerId } from '@taskflow/core'
import { handClock } from '@taskflow/testing/hand-clock'
import { expect, test } from 'vitest'
import { lease } from '../test/fake-work-store.ts'
import { attempts } from './attempts.ts'
import type { RunnerHandle } from './placement/runner-handle.ts'
import { slots } from './slots.ts'

function setup() {
  const inHand = slots(10)
  const settled: AttemptOutcome['kind'][] = []
  const notCalled = (): never => {
    throw new Error('Nothing runs here')
  }
  let borrowed = 0
  const subject = attempts({
    slots: inHand,
    settler: {
      settle: async (_, { kind }) => void settled.push(kind),
      pending: 0,
      isSettling: () => false,
      released: 0,
      change: inHand.change,
      takeTallies: () => [],
      returnTallies: notCalled,
    },
    journal: { append: notCalled, record: notCalled },
    shared: {
      get current(): RunnerHandle {
        return notCalled()
      },
      isReady: true,
      start: notCalled,
      whenReady: notCalled,
      replace: notCalled,
      stop: notCalled,
    },
    isolated: {
      borrow() {
        borrowed++
        return new Promise<never>(() => {})
      },
      giveBack: notCalled,
      stop: notCalled,
    },
    clock: handClock(),
    events: new EventEmitter<TaskFlowEvents>(),
    log: { debug() {}, info() {}, warn() {}, error() {} },
    watch: notCalled,
  })
  subject.know([
    {
      type: 'a',
      queue: null,
      priority: null,
      maxAttempts: null,
      retry: null,
      timeouts: null,
      inputSchema: null,
      isolation: null,
    },
  ])
  return { subject, inHand, settled, processes: () => borrowed }
}

test('suspects that wait for a process when the worker stops are handed back without one', () => {
  const { subject, inHand, settled, processes } = setup()
  const suspects = Array.from({ length: 7 }, () => lease('a', null, { crashCount: CRASH_LIMIT - 1 }))
  subject.begin(suspects, 'w' as WorkerId)
  expect(processes()).toBe(4)
  const reason = { name: 'Draining', message: 'The worker is draining' }
  for (const attempt of inHand) attempt.stop = { cause: 'draining', reason, ping: 0, forceAt: 0 }
  const [first] = inHand
  if (first) subject.finish(first, { kind: 'released' })
  expect({ processes: processes(), settled }).toEqual({ processes: 4, settled: Array(4).fill('released') })
})
