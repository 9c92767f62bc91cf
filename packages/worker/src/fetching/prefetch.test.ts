import { handClock } from '@taskflow/testing/hand-clock'
import { expect, test } from 'vitest'
import { prefetch } from './prefetch.ts'

interface Claim {
  readonly endedMeanwhile: number
  readonly afterMs: number
  readonly tookMs: number
  readonly wasFull?: boolean
  readonly wasIdle?: boolean
}

function setup() {
  const clock = handClock()
  const slots = { ended: 0 }
  const subject = prefetch({ clock, slots })
  async function claim({ endedMeanwhile, afterMs, tookMs, wasFull = true, wasIdle = false }: Claim) {
    await clock.advance(afterMs)
    slots.ended += endedMeanwhile
    subject.onClaimed({ tookMs, wasFull, wasIdle })
    return subject.size
  }
  return { clock, subject, claim }
}

test('prefetches nothing before the first claim', () => {
  expect(setup().subject.size).toBe(0)
})

test('prefetches one and a half times as many tasks as end during a claim', async () => {
  const { claim } = setup()
  expect(await claim({ endedMeanwhile: 100, afterMs: 10, tookMs: 4 })).toBe(60)
})

test('prefetches more when the worker was idle at the end of the claim', async () => {
  const { claim } = setup()
  expect(await claim({ endedMeanwhile: 100, afterMs: 10, tookMs: 4, wasIdle: true })).toBe(160)
})

test('prefetches nothing after a claim that emptied the queue', async () => {
  const { claim } = setup()
  expect(await claim({ endedMeanwhile: 100, afterMs: 10, tookMs: 4, wasFull: false })).toBe(0)
})

test('does not prefetch tasks that take a second', async () => {
  const { claim } = setup()
  expect(await claim({ endedMeanwhile: 10, afterMs: 1_000, tookMs: 5, wasIdle: true })).toBe(0)
})

test('prefetches nothing by a rate that is out of date', async () => {
  const { claim, clock, subject } = setup()
  await claim({ endedMeanwhile: 100, afterMs: 10, tookMs: 4 })
  await clock.advance(99)
  expect(subject.size).toBe(60)
  await clock.advance(1)
  expect(subject.size).toBe(0)
})

test('prefetches at most 900 tasks', async () => {
  const { claim } = setup()
  expect(await claim({ endedMeanwhile: 100_000, afterMs: 10, tookMs: 50, wasIdle: true })).toBe(900)
})
