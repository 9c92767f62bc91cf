import { handClock } from '@taskflow/testing/hand-clock'
import { expect, test } from 'vitest'
import { pace } from './pace.ts'

function setup() {
  const clock = handClock()
  const state = { ended: 0 }
  const subject = pace({ clock, ended: () => state.ended })
  async function claim({ endedMeanwhile, afterMs, tookMs, wasFull = true, wasStarved = false }: Claim) {
    await clock.advance(afterMs)
    state.ended += endedMeanwhile
    subject.onClaimed({ tookMs, wasFull, wasStarved })
    return subject.ahead
  }
  return { clock, subject, claim }
}

interface Claim {
  readonly endedMeanwhile: number
  readonly afterMs: number
  readonly tookMs: number
  readonly wasFull?: boolean
  readonly wasStarved?: boolean
}

test('nothing is claimed ahead before anything is known', () => {
  expect(setup().subject.ahead).toBe(0)
})

test('as many are held ahead as end while a claim is under way, and half as many more', async () => {
  const { claim } = setup()
  expect(await claim({ endedMeanwhile: 100, afterMs: 10, tookMs: 4 })).toBe(60)
})

test('where nothing was left to do when the claim came, more are held ahead', async () => {
  const { claim } = setup()
  expect(await claim({ endedMeanwhile: 100, afterMs: 10, tookMs: 4, wasStarved: true })).toBe(160)
})

test('nothing is claimed ahead after a claim that emptied the line', async () => {
  const { claim } = setup()
  expect(await claim({ endedMeanwhile: 100, afterMs: 10, tookMs: 4, wasFull: false })).toBe(0)
})

test('tasks of a second are not claimed ahead', async () => {
  const { claim } = setup()
  expect(await claim({ endedMeanwhile: 10, afterMs: 1_000, tookMs: 5, wasStarved: true })).toBe(0)
})

test('a pace that is no more known leaves nothing ahead', async () => {
  const { claim, clock, subject } = setup()
  await claim({ endedMeanwhile: 100, afterMs: 10, tookMs: 4 })
  await clock.advance(99)
  expect(subject.ahead).toBe(60)
  await clock.advance(1)
  expect(subject.ahead).toBe(0)
})

test('there is an end to it, however fast tasks pass', async () => {
  const { claim } = setup()
  expect(await claim({ endedMeanwhile: 100_000, afterMs: 10, tookMs: 50, wasStarved: true })).toBe(900)
})
