import { handClock } from '@taskflow/testing/hand-clock'
import { expect, test } from 'vitest'
import { steering } from './steering.ts'

function setup() {
  const clock = handClock()
  const done: string[] = []
  const logged: string[] = []
  const write = (_: object, message: string): void => void logged.push(message)
  const subject = steering({
    fetching: { start: () => done.push('start'), rest: () => done.push('rest') },
    clock,
    log: { debug: write, info: write, warn: write, error: write },
    drainMs: 5_000,
    releaseWaiting: () => done.push('release waiting'),
    drain: () => done.push('drain'),
  })
  return { subject, clock, done, logged }
}

test('begins once it has heard that nothing is asked, and says nothing of it', () => {
  const { subject, done, logged } = setup()
  subject.heed(null)
  subject.heed(null)
  expect({ done, logged }).toEqual({ done: ['start'], logged: [] })
})

test('does not begin when it is asked to rest from the first', () => {
  const { subject, done } = setup()
  subject.heed('cordon')
  expect(done).toEqual(['rest', 'release waiting'])
})

test('does once what it is asked with every heartbeat, and tells the operator', async () => {
  const { subject, clock, done, logged } = setup()
  subject.heed(null)
  for (let beat = 0; beat < 10; beat++) {
    subject.heed('cordon')
    await clock.advance(1_000)
  }
  subject.heed(null)
  expect(done).toEqual(['start', 'rest', 'release waiting', 'start'])
  expect(logged).toEqual([
    'The worker takes no more tasks, as it was asked',
    'The worker takes tasks again, as it was asked',
  ])
})

test('hands back what still runs when the time of a drain is up, once', async () => {
  const { subject, clock, done } = setup()
  subject.heed('drain')
  await clock.advance(4_999)
  expect(done).toEqual(['rest', 'release waiting'])
  await clock.advance(60_000)
  expect(done).toEqual(['rest', 'release waiting', 'drain'])
})

test.each([null, 'cordon'] as const)('hands nothing back when %j comes before that', async (request) => {
  const { subject, clock, done } = setup()
  subject.heed('drain')
  await clock.advance(4_999)
  subject.heed(request)
  await clock.advance(60_000)
  expect(done).not.toContain('drain')
  expect(subject.request).toBe(request)
})

test('counts the time of a drain anew when it is asked for again', async () => {
  const { subject, clock, done } = setup()
  subject.heed('drain')
  await clock.advance(4_000)
  subject.heed(null)
  subject.heed('drain')
  await clock.advance(4_000)
  expect(done).not.toContain('drain')
  await clock.advance(1_000)
  expect(done).toContain('drain')
})

test('heeds nothing once it is stopped', async () => {
  const { subject, clock, done } = setup()
  subject.heed('drain')
  subject.stop()
  for (const request of [null, 'drain'] as const) subject.heed(request)
  await clock.advance(60_000)
  expect(done).toEqual(['rest', 'release waiting'])
  expect(clock.sleepers).toBe(0)
})
