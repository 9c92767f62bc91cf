import { engines, moveTime, nextEvents, PROJECT, stopTime, useStorage } from '@taskflow/testing'
import { attemptsOf, claimOne, settle, startTask, VERDICTS } from '@taskflow/testing/task-in-state'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Verdict } from '../domain/attempt-outcome.ts'
import { SNOOZE_FLOOR } from '../domain/snooze-floor.ts'

const { free, windowMs, floorMs } = SNOOZE_FLOOR

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    let nowMs = 0
    beforeEach(() => setTime(0))
    afterEach(() => moveTime(given.db, 0))

    async function setTime(ms: number): Promise<void> {
      nowMs = ms
      await stopTime(given.db, ms)
    }

    /** Ends attempts of one task, each as soon as it is due, and returns how long the task waited after each. */
    async function waitsOf({ task, lease, worker }: Started, verdicts: readonly Verdict[]): Promise<number[]> {
      const waits: number[] = []
      let held = lease
      for (const verdict of verdicts) {
        await settle(given.storage, held, verdict)
        const { runAt } = await given.storage.getTask(PROJECT, task.id)
        const waitMs = runAt === null ? 0 : runAt.getTime() - Date.UTC(2026, 0, 1) - nowMs
        waits.push(waitMs)
        await setTime(nowMs + waitMs)
        await given.storage.promoteTasks(100)
        held = await claimOne(given.storage, worker)
      }
      return waits
    }

    const snooze = (delayMs: number, times = 1): Verdict[] => Array(times).fill({ verb: 'snooze', delayMs })

    test('a task that is snoozed for no time at all again and again runs about once a second', async () => {
      const started = await startTask(given.storage)
      const seconds = 30
      const waits = await waitsOf(started, snooze(0, free + seconds))
      expect(waits.slice(0, free)).toEqual(Array(free).fill(0))
      expect(waits.slice(free, 2 * free)).toEqual(Array(free).fill(floorMs))
      expect(await attemptsOf(given.storage, started.task.id)).toHaveLength(free + seconds + 1)
      // On average over the windows that follow the first attempts.
      expect(nowMs).toBeGreaterThanOrEqual((seconds - seconds / free) * floorMs)
    })

    test('some short snoozes, and all that are a second or longer, last as long as the handler asked', async () => {
      const verdicts = [...snooze(10, free), ...snooze(floorMs, 5), ...snooze(60_000, 2), ...snooze(10)]
      expect(await waitsOf(await startTask(given.storage), verdicts)).toEqual(
        verdicts.map((verdict) => ('delayMs' in verdict ? verdict.delayMs : 0)),
      )
    })

    test('short snoozes are free again once the window has passed', async () => {
      const started = await startTask(given.storage)
      const verdicts = [...snooze(0, free + 1), ...snooze(windowMs), ...snooze(0, 2)]
      expect((await waitsOf(started, verdicts)).slice(free)).toEqual([floorMs, windowMs, 0, 0])
    })

    test('retries and releases are not slowed', async () => {
      const verdicts: Verdict[] = [...snooze(0, free), { ...VERDICTS.retry, delayMs: 0 }, VERDICTS.release]
      expect(await waitsOf(await startTask(given.storage), verdicts)).toEqual(Array(free + 2).fill(0))
    })

    test('the event names the type of the task that was slowed', async () => {
      const started = await startTask(given.storage)
      const [slowed] = await Promise.all([
        nextEvents(given.events, 'task.snoozeSlowed'),
        waitsOf(started, snooze(0, free + 1)),
      ])
      expect(slowed).toEqual([{ type: started.task.type }])
    })
  })
}

type Started = Awaited<ReturnType<typeof startTask>>
