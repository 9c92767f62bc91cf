import { handClock, settled } from '@taskflow/testing/hand-clock'
import { afterEach, expect, test } from 'vitest'
import { type PeriodicService, periodic } from './service.ts'

interface Round {
  readonly signal: AbortSignal
  end(pauseMs?: number): void
  fail(error: unknown): void
}

const running: { service: PeriodicService; rounds: Round[] }[] = []

/** Makes a service whose rounds end when the test says so. */
function setup() {
  const clock = handClock()
  const rounds: Round[] = []
  const errors: unknown[] = []
  const service = periodic({
    name: 'sweeper',
    clock,
    intervalMs: 1_000,
    round: (signal) => new Promise((resolve, reject) => rounds.push({ signal, end: resolve, fail: reject })),
    onError: (error) => errors.push(error),
  })
  running.push({ service, rounds })
  return { clock, rounds, errors, service }
}

afterEach(async () => {
  for (const { service, rounds } of running.splice(0)) {
    const stopped = service.stop()
    for (const { end } of rounds) end()
    await stopped
  }
})

test('the first round begins at the start, the next one after the pause', async () => {
  const { clock, rounds, service } = setup()
  await service.start()
  await settled()
  expect(rounds).toHaveLength(1)
  rounds[0]?.end()
  await clock.advance(999)
  expect(rounds).toHaveLength(1)
  await clock.advance(1)
  expect(rounds).toHaveLength(2)
})

test('the next round does not begin before the previous one ends', async () => {
  const { clock, rounds, service } = setup()
  await service.start()
  await clock.advance(60_000)
  expect(rounds).toHaveLength(1)
})

test('a round can set the pause that follows, also to zero', async () => {
  const { clock, rounds, service } = setup()
  await service.start()
  await settled()
  rounds[0]?.end(30)
  await clock.advance(30)
  expect(rounds).toHaveLength(2)
  rounds[1]?.end(0)
  await clock.advance(0)
  expect(rounds).toHaveLength(3)
})

test('starting a running service does nothing', async () => {
  const { rounds, service } = setup()
  await service.start()
  await service.start()
  await settled()
  expect(rounds).toHaveLength(1)
})

test('a wake-up ends the pause', async () => {
  const { clock, rounds, service } = setup()
  await service.start()
  await settled()
  rounds[0]?.end()
  await settled()
  expect(clock.sleepers).toBe(1)
  service.wake()
  await settled()
  expect(rounds).toHaveLength(2)
  expect(clock.sleepers).toBe(0)
})

test('wake-ups during a round make exactly one more round follow at once', async () => {
  const { clock, rounds, service } = setup()
  await service.start()
  await settled()
  service.wake()
  service.wake()
  await settled()
  expect(rounds).toHaveLength(1)
  rounds[0]?.end()
  await settled()
  expect(rounds).toHaveLength(2)
  rounds[1]?.end()
  await settled()
  expect(rounds).toHaveLength(2)
  expect(clock.sleepers).toBe(1)
})

test('a failed round is reported, and the next one follows after the usual pause', async () => {
  const { clock, rounds, errors, service } = setup()
  const failure = new Error('connection reset')
  await service.start()
  await settled()
  rounds[0]?.fail(failure)
  await clock.advance(1_000)
  expect(errors).toEqual([failure])
  expect(rounds).toHaveLength(2)
})

test('a stop during a pause ends the pause and leaves no timer', async () => {
  const { clock, rounds, service } = setup()
  await service.start()
  await settled()
  rounds[0]?.end()
  await settled()
  await service.stop()
  expect(clock.sleepers).toBe(0)
  await clock.advance(10_000)
  expect(rounds).toHaveLength(1)
})

test('a stop during a round aborts its signal, waits for it and does not report its error', async () => {
  const { rounds, errors, service } = setup()
  await service.start()
  await settled()
  let hasStopped = false
  const stopped = service.stop().then(() => {
    hasStopped = true
  })
  await settled()
  expect(rounds[0]?.signal.aborted).toBe(true)
  expect(hasStopped).toBe(false)
  rounds[0]?.fail(new Error('aborted'))
  await stopped
  expect(errors).toEqual([])
})

test('a stop is safe before a start and after another stop', async () => {
  const { rounds, service } = setup()
  await service.stop()
  await service.start()
  await settled()
  rounds[0]?.end()
  await Promise.all([service.stop(), service.stop()])
  await service.stop()
})

test('a start after a stop waits for the end of the round in progress', async () => {
  const { rounds, service } = setup()
  await service.start()
  await settled()
  const stopped = service.stop()
  await service.start()
  await settled()
  expect(rounds).toHaveLength(1)
  rounds[0]?.end()
  await stopped
  await settled()
  expect(rounds).toHaveLength(2)
  expect(rounds[1]?.signal.aborted).toBe(false)
})

test('many starts, stops and wake-ups never cause two rounds at once, and the last stop ends all rounds', async () => {
  const clock = handClock()
  let active = 0
  let mostActive = 0
  let count = 0
  const service = periodic({
    name: 'storm',
    clock,
    intervalMs: 10,
    async round() {
      mostActive = Math.max(mostActive, ++active)
      count++
      await settled()
      active--
      return undefined
    },
    onError: (error) => expect.unreachable(String(error)),
  })
  const pending: Promise<void>[] = []
  for (let step = 0; step < 500; step++) {
    if (step % 3 === 0) pending.push(service.stop())
    if (step % 2 === 0) pending.push(service.start())
    if (step % 5 === 0) service.wake()
    if (step % 7 === 0) await clock.advance(10)
  }
  await service.stop()
  await Promise.all(pending)
  expect(mostActive).toBe(1)
  expect(count).toBeGreaterThan(10)
  expect(active).toBe(0)
  const countAtEnd = count
  await clock.advance(1_000)
  expect(count).toBe(countAtEnd)
})
