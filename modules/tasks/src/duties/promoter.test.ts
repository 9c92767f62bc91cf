import { databaseWakeups } from '@taskflow/database'
import type { Clock } from '@taskflow/kernel'
import {
  emptyDatabase,
  engines,
  eventually,
  newTask,
  nextEvents,
  PROJECT,
  submissionOf,
  useStorage,
} from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { systemClock } from '@taskflow/testing/system-clock'
import { submitTask } from '@taskflow/testing/task-in-state'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { promoter } from './promoter.ts'

// Uses real time, because these tests measure lateness, and one engine, because the tests of the statements cover all.
const engine = engines()[0]!

describe('promoter', () => {
  const given = useStorage(engine)
  let stop = async () => {}
  beforeEach(() => emptyDatabase(given.db))
  afterEach(() => stop())

  async function start(clock: Clock = systemClock) {
    const service = promoter({ storage: given.storage, clock, events: given.events })
    const stopListening = await databaseWakeups(given.db).on('due', () => service.wake())
    await service.start()
    stop = async () => {
      await service.stop()
      await stopListening()
    }
  }

  const lateness = () =>
    rowsOf<{ late_ms: number }>(
      given.db,
      `select (extract(epoch from queued_at - run_at) * 1000)::float8 as late_ms from task where state = 'queued'`,
    )

  test('pauses between queries for a due task that another transaction has locked', async () => {
    let rounds = 0
    const storage = {
      async promoteTasks() {
        rounds++
        return { promoted: 0, nextDueInMs: -50 }
      },
    }
    const service = promoter({ storage, clock: systemClock, events: given.events })
    await service.start()
    await systemClock.sleep(200)
    await service.stop()
    expect(rounds).toBeGreaterThan(1)
    expect(rounds).toBeLessThanOrEqual(45)
  })

  // Measures the median, because the machine may be busy for a moment. A promoter that polled each second would be late by
  // half a second on average.
  test('queues tasks within 100 ms after they are due, and never before', async () => {
    await start()
    expect(await medianLatenessOf(100)).toBeLessThan(100)
  })

  async function medianLatenessOf(count: number): Promise<number> {
    const from = Date.now() + 300
    const tasks = Array.from({ length: count }, (_, index) =>
      newTask({ runAt: new Date(from + (index * 2_000) / count) }),
    )
    let waiting = count
    const allPromoted = new Promise<void>((resolve) => {
      given.events.on('tasks.promoted', function listener(promoted) {
        waiting -= promoted.count
        if (waiting > 0) return
        given.events.off('tasks.promoted', listener)
        resolve()
      })
    })
    await given.storage.submitTasks(submissionOf(...tasks))
    await allPromoted
    const late = (await lateness()).map(({ late_ms }) => late_ms)
    expect(late).toHaveLength(count)
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0)
    return late.toSorted((a, b) => a - b)[count / 2] ?? Number.POSITIVE_INFINITY
  }

  test('sleeps until the next task is due, and wakes up for a new earlier task', async () => {
    const pauses: number[] = []
    const clock: Clock = {
      ...systemClock,
      sleep: (ms, signal) => {
        pauses.push(ms)
        return systemClock.sleep(ms, signal)
      },
    }
    await start(clock)
    await submitTask(given.storage, { delayMs: 600 })
    await eventually(() => pauses.some((ms) => ms > 100 && ms <= 600))
    const promoted = nextEvents(given.events, 'tasks.promoted')
    const early = await submitTask(given.storage, { delayMs: 100 })
    await promoted
    expect((await given.storage.getTask(PROJECT, early.id)).state).toBe('queued')
    // A promoter that slept until the other task would be 500 ms late.
    expect((await lateness())[0]!.late_ms).toBeLessThan(400)
  })

  test('promotes everything that became due while no promoter ran, batch by batch', async () => {
    await given.storage.submitTasks(submissionOf(...Array.from({ length: 2_500 }, () => newTask({ delayMs: 1 }))))
    const promoted = nextEvents(given.events, 'tasks.promoted')
    await start()
    expect(await promoted).toEqual([{ count: 2_500 }])
  })
})
