import { handClock } from '@taskflow/testing'
import { expect, test } from 'vitest'
import type { Database } from './database.ts'
import { databaseClock } from './database-clock.ts'
import { readClock } from './statements/read-clock.ts'

const HOUR_MS = 3_600_000

/** A database whose clock is wrong by `aheadMs` of a machine whose own clock can be set. */
function setup({ aheadMs = 0, roundTripMs = 0 } = {}) {
  const clock = handClock()
  const beganMs = clock.now().getTime() - clock.monotonicMs()
  const server = { aheadMs, roundTripMs, asked: 0, isAway: false }
  const trueMs = () => beganMs + clock.monotonicMs()
  let setMs = 0
  const given = {
    engine: 'postgres',
    async run() {
      server.asked++
      if (server.isAway) throw new Error('away')
      const at = new Date(Math.floor(trueMs() + server.aheadMs + server.roundTripMs / 2))
      if (server.roundTripMs > 0) await clock.advance(server.roundTripMs)
      return [{ now: at }]
    },
  } as unknown as Database
  const local = { now: () => new Date(clock.now().getTime() + setMs), monotonicMs: () => clock.monotonicMs() }
  const followed = databaseClock(given, local)
  return {
    followed,
    server,
    clock,
    local,
    setMachine: (ms: number) => (setMs = ms),
    errorMs: () => followed.now().getTime() - (trueMs() + server.aheadMs),
  }
}

test.each([0, HOUR_MS, -HOUR_MS, 123.4])(
  'shows the clock of the database, %d ms away from this machine',
  async (aheadMs) => {
    const { followed, errorMs, clock } = setup({ aheadMs })
    await followed.start()
    expect(Math.abs(errorMs())).toBeLessThanOrEqual(1)
    await clock.advance(30_000)
    expect(Math.abs(errorMs())).toBeLessThanOrEqual(1)
  },
)

test('errs by at most half of the round trip', async () => {
  const { followed, errorMs } = setup({ aheadMs: HOUR_MS, roundTripMs: 80 })
  await followed.start()
  expect(Math.abs(errorMs())).toBeLessThanOrEqual(41)
})

test('is not moved by a clock of this machine that is set while it runs', async () => {
  const { followed, errorMs, setMachine, local } = setup({ aheadMs: 5_000 })
  await followed.start()
  setMachine(-HOUR_MS)
  expect(Math.abs(errorMs())).toBeLessThanOrEqual(1)
  // A time that was taken after the change.
  expect(Math.abs(followed.at(local.now()).getTime() - followed.now().getTime())).toBeLessThanOrEqual(1)
})

test('follows the clock of the database when that is set, with the next reply that has a time', async () => {
  const { followed, errorMs, server } = setup()
  await followed.start()
  server.aheadMs = -HOUR_MS
  await followed.database.run(readClock, [])
  expect(Math.abs(errorMs())).toBeLessThanOrEqual(1)
})

test('asks at the start, and again when no reply had a time for a minute', async () => {
  const { followed, server, clock } = setup()
  await followed.start()
  await followed.start()
  const atStart = server.asked
  followed.now()
  expect(server.asked).toBe(atStart)
  await clock.advance(61_000)
  followed.now()
  followed.now()
  expect(server.asked).toBe(atStart + 1)
})

test('shows the clock of this machine until it knows better, and does not fail without the database', async () => {
  const { followed, server, local, errorMs } = setup({ aheadMs: HOUR_MS })
  server.isAway = true
  await followed.start()
  expect(followed.now()).toEqual(local.now())
  expect(followed.at(new Date(5))).toEqual(new Date(5))
  server.isAway = false
  await followed.database.run(readClock, [])
  expect(Math.abs(errorMs())).toBeLessThanOrEqual(1)
})
