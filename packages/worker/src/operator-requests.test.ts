import { handClock } from '@taskflow/testing/hand-clock'
import { expect, test } from 'vitest'
import { operatorRequests } from './operator-requests.ts'

function setup() {
  const clock = handClock()
  const done: string[] = []
  const logged: string[] = []
  const write = (_: object, message: string): void => void logged.push(message)
  const state = { isOpen: true }
  const subject = operatorRequests({
    fetchLoop: { start: () => done.push('start'), pause: () => done.push('pause') },
    leases: {
      open() {
        state.isOpen = true
      },
      close() {
        state.isOpen = false
      },
    },
    admission: { releaseWaiting: () => done.push('release waiting') },
    stopper: { drain: () => done.push('drain') },
    clock,
    log: { debug: write, info: write, warn: write, error: write },
    drainMs: 5_000,
  })
  return { subject, clock, done, logged, state }
}

test('starts the fetch loop once it knows that no request stands, and logs nothing', () => {
  const { subject, done, logged } = setup()
  subject.apply(null)
  subject.apply(null)
  expect({ done, logged }).toEqual({ done: ['start'], logged: [] })
})

test('does not start the fetch loop when a request stands from the beginning', () => {
  const { subject, done } = setup()
  subject.apply('cordon')
  expect(done).toEqual(['pause', 'release waiting'])
})

test('applies once a request that comes with every heartbeat, and logs it', async () => {
  const { subject, clock, done, logged } = setup()
  subject.apply(null)
  for (let beat = 0; beat < 10; beat++) {
    subject.apply('cordon')
    await clock.advance(1_000)
  }
  subject.apply(null)
  expect(done).toEqual(['start', 'pause', 'release waiting', 'start'])
  expect(logged).toEqual([
    'The worker takes no more tasks, as an operator requested',
    'The worker claims tasks again, because the request was withdrawn',
  ])
})

test.each([
  ['drain', false],
  ['cordon', true],
  [null, true],
] as const)('runs the leases of a claim under way after a drain and then %j: %s', (request, isOpen) => {
  const { subject, state } = setup()
  subject.apply('drain')
  subject.apply(request)
  expect(state.isOpen).toBe(isOpen)
})

test('drains once when the time of a drain is up', async () => {
  const { subject, clock, done } = setup()
  subject.apply('drain')
  await clock.advance(4_999)
  expect(done).toEqual(['pause', 'release waiting'])
  await clock.advance(60_000)
  expect(done).toEqual(['pause', 'release waiting', 'drain'])
})

test.each([null, 'cordon'] as const)('does not drain when %j comes before that', async (request) => {
  const { subject, clock, done } = setup()
  subject.apply('drain')
  await clock.advance(4_999)
  subject.apply(request)
  await clock.advance(60_000)
  expect(done).not.toContain('drain')
  expect(subject.current).toBe(request)
})

test('counts the time of a drain again when it is requested again', async () => {
  const { subject, clock, done } = setup()
  subject.apply('drain')
  await clock.advance(4_000)
  subject.apply(null)
  subject.apply('drain')
  await clock.advance(4_000)
  expect(done).not.toContain('drain')
  await clock.advance(1_000)
  expect(done).toContain('drain')
})

test('applies nothing once it is stopped', async () => {
  const { subject, clock, done } = setup()
  subject.apply('drain')
  subject.stop()
  for (const request of [null, 'drain'] as const) subject.apply(request)
  await clock.advance(60_000)
  expect(done).toEqual(['pause', 'release waiting'])
  expect(clock.sleepers).toBe(0)
})
