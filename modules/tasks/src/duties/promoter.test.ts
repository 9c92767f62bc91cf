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

// The true time, since what is tested is how late it is; one engine, since the storage's own tests try all.
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

  test('does not ask without a pause for a due task that somebody else has locked', async () => {
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

  // Half of them, because the machine may be busy with something else for a moment; a promoter that
  // waited for its poll would be half a second late on average.
  test('queues tasks within 100 ms of their own moments, and never before', async () => {
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

  test('sleeps until the next task is due, and a new earlier one wakes it', async () => {
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
    // Less than the half second that it would be late had the promoter slept on until the other task.
    expect((await lateness())[0]!.late_ms).toBeLessThan(400)
  })

  test('catches up with everything that fell due while nobody promoted, batch by batch', async () => {
    await given.storage.submitTasks(submissionOf(...Array.from({ length: 2_500 }, () => newTask({ delayMs: 1 }))))
    const promoted = nextEvents(given.events, 'tasks.promoted')
    await start()
    expect(await promoted).toEqual([{ count: 2_500 }])
  })
})
