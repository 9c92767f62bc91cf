import { CRASH_LIMIT, type WorkerId } from '@taskflow/tasks'
import {
  emptyDatabase,
  engines,
  eventually,
  handClock,
  moveTime,
  nextEvents,
  PROJECT,
  pulse,
  useStorage,
} from '@taskflow/testing'
import { script } from '@taskflow/testing/raw-sql'
import { claimOne, settle, startTask, startWorker, VERDICTS } from '@taskflow/testing/task-in-state'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FleetDutyStorage } from '../ports/duty-store.ts'
import { rescuer } from './rescuer.ts'

const ROUND_MS = 1_000
const LONG_MS = 60_000

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    let stop = async () => {}
    beforeEach(async () => {
      await moveTime(given.db, 0)
      await emptyDatabase(given.db)
    })
    afterEach(() => stop())

    /** Starts a rescuer whose clock the test moves together with the database's; resolves after its first round. */
    async function startRescuer({ aheadMs = LONG_MS, storage = given.storage as FleetDutyStorage } = {}) {
      const clock = handClock()
      let databaseMs = aheadMs
      await moveTime(given.db, databaseMs)
      const service = rescuer({ storage, clock, events: given.events, roundMs: ROUND_MS })
      stop = () => service.stop()
      const first = nextEvents(given.events, 'round.succeeded')
      await service.start()
      await first
      return {
        clock,
        /** Advances the clock without a round, like a suspended process; resolves after the round that follows. */
        async sleep(ms: number) {
          await service.stop()
          await clock.advance(ms)
          const round = nextEvents(given.events, 'round.succeeded')
          await service.start()
          await round
        },
        /** Advances the clock, wakes the rescuer as the duty poller would, and resolves after the round. */
        async nextRound(ms = ROUND_MS) {
          await eventually(() => clock.sleepers === 1)
          const isIdle = (await given.storage.listSilentWorkers(10_000)).length === 0
          const round = nextEvents(given.events, 'round.succeeded')
          databaseMs += ms
          await moveTime(given.db, databaseMs)
          await clock.advance(ms)
          if (isIdle) service.wake()
          await round
        },
        wake: () => service.wake(),
      }
    }

    const stateOf = async (id: WorkerId) =>
      (await given.storage.listWorkers(PROJECT, { limit: 50 })).find((worker) => worker.id === id)?.state

    test('marks a silent worker lost only after its heartbeat stood still for three rounds', async () => {
      const { id } = await startWorker(given.storage)
      const { nextRound } = await startRescuer()
      expect(await stateOf(id)).toBe('silent')
      await nextRound()
      expect(await stateOf(id)).toBe('silent')
      const lost = nextEvents(given.events, 'worker.lost')
      await nextRound()
      expect(await lost).toEqual([{ id }])
      expect(await stateOf(id)).toBe('lost')
    })

    test('discards its observations after a gap between rounds, when it may have been suspended itself', async () => {
      const { id } = await startWorker(given.storage)
      const { nextRound, sleep } = await startRescuer()
      await nextRound()
      await sleep(10 * ROUND_MS)
      await nextRound()
      expect(await stateOf(id)).toBe('silent')
      await nextRound()
      expect(await stateOf(id)).toBe('lost')
    })

    test('does not count two late rounds: the database may have been unavailable between them', async () => {
      const { id } = await startWorker(given.storage)
      const { nextRound } = await startRescuer()
      await nextRound(2 * ROUND_MS)
      expect(await stateOf(id)).toBe('silent')
      await nextRound(2 * ROUND_MS)
      expect(await stateOf(id)).toBe('lost')
    })

    test('discards its observations when a query fails', async () => {
      const { id } = await startWorker(given.storage)
      let isUnavailable = false
      const storage: FleetDutyStorage = {
        ...given.storage,
        listSilentWorkers: (afterMs) =>
          isUnavailable
            ? Promise.reject(new Error('the database is unavailable'))
            : given.storage.listSilentWorkers(afterMs),
      }
      const { clock, nextRound, wake } = await startRescuer({ storage })
      await nextRound()
      isUnavailable = true
      const failed = nextEvents(given.events, 'round.failed')
      await eventually(() => clock.sleepers === 1)
      await clock.advance(ROUND_MS)
      await failed
      isUnavailable = false
      const succeeded = nextEvents(given.events, 'round.succeeded')
      wake()
      await succeeded
      await nextRound()
      expect(await stateOf(id)).toBe('silent')
      await nextRound()
      expect(await stateOf(id)).toBe('lost')
    })

    test('does not mark a worker lost that sends a heartbeat at the last moment', async () => {
      const { id } = await startWorker(given.storage)
      const { nextRound } = await startRescuer()
      await nextRound()
      await given.storage.heartbeatWorker(id, pulse())
      for (let round = 0; round < 5; round++) await nextRound()
      expect(await stateOf(id)).toBe('silent')
    })

    test('observes from zero after a late heartbeat', async () => {
      const { id } = await startWorker(given.storage)
      const { nextRound } = await startRescuer()
      await nextRound()
      await script(given.db, `update worker set heartbeat_at = heartbeat_at + interval '1 s'`)
      await nextRound()
      await nextRound()
      expect(await stateOf(id)).toBe('silent')
      await nextRound()
      expect(await stateOf(id)).toBe('lost')
    })

    test('P4: requeues the tasks of a lost worker, counts the crash and does not use an attempt', async () => {
      const { task, lease } = await startTask(given.storage)
      const { nextRound } = await startRescuer()
      await nextRound()
      const rescued = nextEvents(given.events, 'tasks.rescued')
      await nextRound()
      expect(await rescued).toEqual([{ count: 1, quarantined: 0 }])
      expect(await given.storage.getTask(PROJECT, task.id)).toMatchObject({
        state: 'queued',
        attempt: 0,
        crashCount: 1,
        error: { name: 'WorkerLost', reason: 'crashed' },
      })
      expect(await settle(given.storage, lease, VERDICTS.complete)).toBe('stale')
    })

    test('P11: quarantines a task at its third crash', async () => {
      const { task, worker, lease } = await startTask(given.storage)
      let last = lease
      for (let crash = 1; crash < CRASH_LIMIT; crash++) {
        await settle(given.storage, last, VERDICTS.rescue)
        last = await claimOne(given.storage, worker)
      }
      const { nextRound } = await startRescuer()
      await nextRound()
      const rescued = nextEvents(given.events, 'tasks.rescued')
      await nextRound()
      expect(await rescued).toEqual([{ count: 0, quarantined: 1 }])
      expect(await given.storage.getTask(PROJECT, task.id)).toMatchObject({
        state: 'failed',
        crashCount: CRASH_LIMIT,
        error: { reason: 'quarantined' },
      })
    })

    test('rescues at once the tasks that a stopped worker still held', async () => {
      const { task, worker } = await startTask(given.storage)
      await given.storage.deregisterWorker(worker.id)
      await startRescuer({ aheadMs: 0 })
      expect(await given.storage.getTask(PROJECT, task.id)).toMatchObject({ state: 'queued', crashCount: 1 })
    })

    test('P4: never rescues a task of a live worker, however long it runs', async () => {
      const { task, worker } = await startTask(given.storage)
      const { nextRound } = await startRescuer({ aheadMs: 0 })
      for (let hour = 0; hour < 20; hour++) {
        await script(given.db, `update task set started_at = started_at - interval '1 hour'`)
        await given.storage.heartbeatWorker(worker.id, pulse())
        await nextRound()
      }
      expect(await given.storage.getTask(PROJECT, task.id)).toMatchObject({ state: 'running', crashCount: 0 })
    })

    test('cancels the task of a lost worker when its cancellation was requested', async () => {
      const { task } = await startTask(given.storage)
      await given.storage.cancelTask(task.id, { project: PROJECT, actor: 'key:test' }, null)
      const { nextRound } = await startRescuer()
      const counted: string[] = []
      given.events.on('tasks.rescued', () => counted.push('rescued'))
      given.events.on('task.cancelled', ({ id }) => counted.push(id))
      await nextRound()
      await nextRound()
      expect(await given.storage.getTask(PROJECT, task.id)).toMatchObject({ state: 'cancelled', crashCount: 1 })
      expect(counted).toEqual([task.id])
    })

    test('rescues the remaining tasks after a round that the database failed', async () => {
      const { task } = await startTask(given.storage)
      let isUnavailable = true
      const storage: FleetDutyStorage = {
        ...given.storage,
        settleTasks: (settlements) =>
          isUnavailable ? Promise.reject(new Error('unavailable')) : given.storage.settleTasks(settlements),
      }
      const { clock, nextRound, wake } = await startRescuer({ storage })
      await nextRound()
      const failed = nextEvents(given.events, 'round.failed')
      await eventually(() => clock.sleepers === 1)
      await clock.advance(ROUND_MS)
      wake()
      expect(await failed).toMatchObject([{ service: 'rescuer', error: { message: 'unavailable' } }])
      isUnavailable = false
      await nextRound()
      expect(await given.storage.getTask(PROJECT, task.id)).toMatchObject({ state: 'queued', crashCount: 1 })
    })
  })
}
