import { spawnSync } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, databaseWakeups, migrator, pgliteDatabase } from '@taskflow/database'
import type { TaskFlowEvents } from '@taskflow/kernel'
import { dutiesOf, openStorage, ROOMS, type RoomDutyDeps } from '@taskflow/rooms'
import { allMigrations } from '@taskflow/rooms/migrations'
import { claimBy, engines, eventually, PROJECT, submissionOf, systemClock, useStorage } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { removeFolder } from '@taskflow/testing/remove-folder'
import { settle, startTask, startWorker, VERDICTS } from '@taskflow/testing/task-in-state'
import { createTestRoomTables, LINK, testRoom } from '@taskflow/testing/test-room/room'
import { describe, expect, test } from 'vitest'
import { finishTasks } from '../statements/finish-tasks.ts'
import { linkedTask, RETENTION_MS, useTestRoom } from './test/use-test-room.ts'

const BY = { project: PROJECT, actor: 'key:test' }
const SCRIPT = join(import.meta.dirname, '../../../../checks/testing/src/test-room/consume-and-die.ts')

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    const room = useTestRoom(given)

    const notices = async (): Promise<number> =>
      (await rowsOf<{ count: number }>(given.db, 'select count(*) from task_notice'))[0]!.count

    async function endAll(): Promise<Record<string, string>> {
      const kinds: Record<string, string> = {}
      for (const [verb, kind] of [
        ['complete', 'task.succeeded'],
        ['fail', 'task.failed'],
        ['cancel', 'task.cancelled'],
      ] as const) {
        const { task, lease } = await startTask(room.storage, { labels: { [LINK]: 'yes' } })
        await settle(room.storage, lease, VERDICTS[verb])
        kinds[task.id] = kind
      }
      const waiting = linkedTask()
      await room.storage.submitTasks(submissionOf(waiting))
      await room.storage.cancelTask(waiting.id, BY, null)
      kinds[waiting.id] = 'task.cancelled'
      const late = linkedTask({ type: 'test.late', timeouts: { scheduleToStartMs: 1 } })
      await room.storage.submitTasks(submissionOf(late))
      await eventually(async () => (await room.storage.expireTasks(10)) > 0)
      kinds[late.id] = 'task.failed'
      return kinds
    }

    const endsByTask = async () =>
      Object.fromEntries((await room.storage.listEnds()).map(({ taskId, kind }) => [taskId, kind]))

    test('each way to end a linked task leaves one notice, and a plain task leaves none', async () => {
      const kinds = await endAll()
      const { lease } = await startTask(room.storage)
      await settle(room.storage, lease, VERDICTS.complete)
      const { lease: retried } = await startTask(room.storage, { labels: { [LINK]: 'yes' } })
      await settle(room.storage, retried, VERDICTS.retry)
      expect(await notices()).toBe(Object.keys(kinds).length)
      expect(await room.storage.consumeEnds()).toBe(Object.keys(kinds).length)
      expect(await endsByTask()).toEqual(kinds)
      expect(await room.storage.listEnds()).toHaveLength(Object.keys(kinds).length)
      expect(await room.storage.consumeEnds()).toBe(0)
    })

    test('a batch of plain tasks does not open the table of notices', async () => {
      const locks = `select count(*) from pg_locks where relation = 'task_notice'::regclass and pid = pg_backend_pid()`
      for (const labels of [null, { [LINK]: 'yes' }]) {
        const { lease } = await startTask(room.storage, { labels })
        const opened = await given.db.transaction(async (tx) => {
          const { taskId, leaseId } = lease
          await tx.run(finishTasks, [`{${taskId}}`, `{${leaseId}}`, '{}', '{1}', '{}', '{}', 1_000, ['test-room']])
          return (await rowsOf<{ count: number }>(tx, locks))[0]!.count
        })
        expect(opened > 0).toBe(labels !== null)
      }
    })

    test('a redriven task leaves another notice', async () => {
      const { task, lease } = await startTask(room.storage, { labels: { [LINK]: 'yes' } })
      await settle(room.storage, lease, VERDICTS.fail)
      await room.storage.redriveTask(task.id, BY, null)
      await room.storage.cancelTask(task.id, BY, null)
      await room.storage.consumeEnds()
      expect((await room.storage.listEnds()).map(({ kind }) => kind)).toEqual(['task.cancelled', 'task.failed'])
    })

    test('without a consumer, a linked task leaves no notice', async () => {
      const none = openStorage({ db: given.db, events: given.events, retentionMs: RETENTION_MS })
      const { lease } = await startTask(none, { linked: true })
      await settle(none, lease, VERDICTS.complete)
      expect(await notices()).toBe(0)
    })

    test('what a consumer did not commit comes again', async () => {
      const { task, lease } = await startTask(room.storage, { labels: { [LINK]: 'yes' } })
      await settle(room.storage, lease, VERDICTS.complete)
      const broken = room.storage.consumeEnds(() => Promise.reject(new Error('it broke')))
      await expect(broken).rejects.toThrow('it broke')
      expect(await room.storage.listEnds()).toEqual([])
      expect(await room.storage.consumeEnds()).toBe(1)
      expect(await room.storage.listEnds()).toEqual([{ taskId: task.id, kind: 'task.succeeded' }])
    })

    test('several consumers at once share the notices, and each end is dealt with once', async () => {
      const tasks = Array.from({ length: 350 }, () => linkedTask())
      await room.storage.submitTasks(submissionOf(...tasks))
      const leases = await room.storage.claimTasks(
        claimBy(await startWorker(room.storage, { slots: 350 }), { max: 350 }),
      )
      await Promise.all(leases.map((lease) => settle(room.storage, lease, VERDICTS.complete)))
      while ((await notices()) > 0) await Promise.all(Array.from({ length: 3 }, () => room.storage.consumeEnds()))
      const ends = await room.storage.listEnds()
      expect(ends.map(({ taskId }) => taskId)).toEqual(tasks.map(({ id }) => id as string).sort())
    })

    test('its duty consumes the notices, as soon as a task has finished', async () => {
      const { task, lease } = await startTask(room.storage, { labels: { [LINK]: 'yes' } })
      const wakeups = databaseWakeups(given.db)
      const deps = { storage: room.storage, wakeups, clock: systemClock, events: new EventEmitter<TaskFlowEvents>() }
      const [duty] = dutiesOf(deps as unknown as RoomDutyDeps, [testRoom])
      const unwatch = await duty!.watch!(() => duty!.service.wake())
      await duty!.service.start()
      try {
        await settle(room.storage, lease, VERDICTS.complete)
        await eventually(async () => (await room.storage.listEnds()).length > 0)
        expect(await room.storage.listEnds()).toEqual([{ taskId: task.id, kind: 'task.succeeded' }])
      } finally {
        await duty!.service.stop()
        await unwatch()
      }
    })

    test('a consumer that is killed between its effect and the commit loses nothing, and does nothing twice', async () => {
      const place = await placeForProcess()
      try {
        const [task, kind] = await place.look(async (db) => {
          await createTestRoomTables(db)
          const opened = room.open(db)
          const started = await startTask(opened, { labels: { [LINK]: 'yes' } })
          await settle(opened, started.lease, VERDICTS.complete)
          return [started.task.id, 'task.succeeded'] as const
        })
        const { signal } = spawnSync(process.execPath, [SCRIPT, place.where], { timeout: 60_000 })
        expect(signal).toBe('SIGKILL')
        await place.look(async (db) => {
          const opened = room.open(db)
          expect(await opened.listEnds()).toEqual([])
          // A server notices the end of a killed session a moment later.
          await eventually(async () => (await opened.consumeEnds()) > 0)
          expect(await opened.listEnds()).toEqual([{ taskId: task, kind }])
          expect(await opened.consumeEnds()).toBe(0)
        })
      } finally {
        place.remove()
      }
    })

    /** Where this test and another process can meet, one after the other. */
    async function placeForProcess() {
      if (given.url !== undefined) {
        const { url, db } = given
        return { where: url, look: <Result>(work: (db: Database) => Promise<Result>) => work(db), remove() {} }
      }
      const folder = mkdtempSync(join(tmpdir(), 'taskflow-ports-'))
      return {
        where: folder,
        async look<Result>(work: (db: Database) => Promise<Result>): Promise<Result> {
          const db = await pgliteDatabase({ dataDir: folder })
          try {
            await migrator(db, allMigrations()).up()
            return await work(db)
          } finally {
            await db.close()
          }
        },
        remove: () => removeFolder(folder),
      }
    }
  })
}

test('no room of the product uses the test room', () => {
  expect(ROOMS.map(({ name }) => name)).not.toContain(testRoom.name)
})
