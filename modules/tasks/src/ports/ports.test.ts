import { spawnSync } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database, Statement } from '@taskflow/database'
import { databaseWakeups, migrator, pgliteDatabase } from '@taskflow/database'
import { TaskFlowError, type TaskFlowEvents } from '@taskflow/kernel'
import { dutiesOf, openStorage, ROOMS, type RoomDutyDeps, type Storage } from '@taskflow/rooms'
import { allMigrations } from '@taskflow/rooms/migrations'
import {
  claimBy,
  emptyDatabase,
  engines,
  eventually,
  newTask,
  newTaskId,
  PROJECT,
  submissionOf,
  systemClock,
  useStorage,
} from '@taskflow/testing'
import { rowsOf, script } from '@taskflow/testing/raw-sql'
import { removeFolder } from '@taskflow/testing/remove-folder'
import { settle, startTask, startWorker, VERDICTS } from '@taskflow/testing/task-in-state'
import { openWithTestRoom } from '@taskflow/testing/test-room/open'
import {
  createTestRoomTables,
  GATE,
  LINK,
  REFUSE,
  type TestRoomStore,
  testRoom,
} from '@taskflow/testing/test-room/room'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Dispatch } from '../dispatch/broker.ts'
import { finishTasks } from '../statements/finish-tasks.ts'

const RETENTION_MS = 86_400_000
const BY = { project: PROJECT, actor: 'key:test' }

/** The same database, and the texts of the statements that it is asked to run. */
function listening(db: Database, texts: string[]): Database {
  const note = <Params extends readonly unknown[], Row>({ text }: Statement<Params, Row>) => texts.push(text)
  return {
    ...db,
    run(statement, params) {
      note(statement)
      return db.run(statement, params)
    },
  }
}

const linked = (given = {}) => newTask({ labels: { [LINK]: 'yes' }, ...given })
const gated = (given = {}) => newTask({ labels: { [GATE]: 'yes' }, ...given })
const refused = (given = {}) => newTask({ labels: { [REFUSE]: 'yes' }, ...given })

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    let storage: Storage & TestRoomStore
    let dispatched: Dispatch[]

    const open = (db: Database) =>
      openWithTestRoom({
        db,
        events: new EventEmitter<TaskFlowEvents>(),
        retentionMs: RETENTION_MS,
        onQueued: (dispatches) => void dispatched.push(...dispatches),
      })

    beforeEach(async () => {
      await emptyDatabase(given.db)
      await createTestRoomTables(given.db)
      await script(given.db, 'truncate test_room_end, test_room_queue')
      dispatched = []
      storage = open(given.db)
    })
    // The next test would see the notices that no consumer has read.
    afterEach(() => script(given.db, 'delete from task_notice; delete from gate'))

    const gateOf = async (id: string) =>
      (await rowsOf<{ waiting_gate: string | null }>(given.db, 'select waiting_gate from task where id = $1', [id]))[0]
        ?.waiting_gate

    const notices = async (): Promise<number> =>
      (await rowsOf<{ count: number }>(given.db, 'select count(*) from task_notice'))[0]!.count

    async function claimedIds(max = 100): Promise<string[]> {
      const leases = await storage.claimTasks(claimBy(await startWorker(storage, { slots: max })))
      return leases.map(({ taskId }) => taskId)
    }

    describe('admission', () => {
      test('a submission runs the same statements, whether or not a room admits and has nothing against it', async () => {
        const texts: Record<'none' | 'listed', string[]> = { none: [], listed: [] }
        const none = openStorage({
          db: listening(given.db, texts.none),
          events: given.events,
          retentionMs: RETENTION_MS,
        })
        const listed = open(listening(given.db, texts.listed))
        for (const each of [none, listed]) {
          await each.submitTasks(submissionOf(newTask(), newTask()))
          await each.submitTasks(submissionOf(newTask(), newTask({ type: 'test.other' })))
          await each.submitTasks({ ...submissionOf(newTask()), idempotency: { key: newTaskId(), requestHash: 'h' } })
        }
        expect(texts.none.map((text) => /insert into (\w+)/.exec(text)?.[1])).toHaveLength(3)
        expect(texts.listed).toEqual(texts.none)
      })

      test('refuses one submission of a batch alone', async () => {
        const tasks = [newTask(), refused(), newTask()]
        const results = await Promise.allSettled(tasks.map((task) => storage.submitTasks(submissionOf(task))))
        expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
        expect((results[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'TASK_INVALID' })
        const stored = await rowsOf<{ id: string }>(given.db, 'select id from task order by id')
        expect(stored.map(({ id }) => id)).toEqual([tasks[0]!.id, tasks[2]!.id].sort())
      })

      test('refuses a submission of a caller’s transaction', async () => {
        await given.db.transaction(async (tx) => {
          await expect(storage.submitWithin(tx, submissionOf(refused()))).rejects.toBeInstanceOf(TaskFlowError)
          await storage.submitWithin(tx, submissionOf(linked()))
        })
        const stored = await rowsOf<{ linked: boolean }>(given.db, 'select linked from task')
        expect(stored).toEqual([{ linked: true }])
      })

      test('answers a retry as the first submission was answered, though it would be refused now', async () => {
        const idempotency = { key: newTaskId(), requestHash: 'h' }
        const first = await storage.submitTasks({ ...submissionOf(newTask()), idempotency })
        const again = await storage.submitTasks({ ...submissionOf(refused()), idempotency })
        expect(again).toEqual({ ...first, replayed: true })
        const other = { key: newTaskId(), requestHash: 'h' }
        await expect(storage.submitTasks({ ...submissionOf(refused()), idempotency: other })).rejects.toMatchObject({
          code: 'TASK_INVALID',
        })
      })

      test('returns the tasks as they were stored, where a room changed them', async () => {
        const plain = await storage.submitTasks(submissionOf(newTask()))
        expect(plain.tasks).toBeUndefined()
        const changed = await storage.submitTasks(submissionOf(linked()))
        expect(changed.tasks).toMatchObject([{ linked: true }])
      })
    })

    describe('gate', () => {
      test('no claim sees a task at a closed gate, and opening the gate releases them by rank', async () => {
        await storage.closeQueue(PROJECT, 'default')
        const ranked = [gated({ priority: 'low' }), gated({ priority: 'high' }), gated()]
        await storage.submitTasks(submissionOf(...ranked))
        const free = newTask()
        await storage.submitTasks(submissionOf(free))
        expect(dispatched.map(({ taskId }) => taskId)).toEqual([free.id])
        expect((await storage.getTask(PROJECT, ranked[0]!.id)).state).toBe('queued')
        expect(await claimedIds()).toEqual([free.id])
        const worker = await startWorker(storage)
        expect(await storage.claimTasks(claimBy(worker, { ids: ranked.map(({ id }) => id) }))).toEqual([])
        const many = await startWorker(storage, {
          queues: ['default', ...Array.from({ length: 20 }, (_, n) => `q${n}`)],
        })
        expect(await storage.claimTasks(claimBy(many))).toEqual([])

        dispatched = []
        await storage.openQueue(PROJECT, 'default')
        const [low, high, normal] = ranked.map(({ id }) => id)
        expect(dispatched.map(({ taskId }) => taskId).sort()).toEqual([low, high, normal].sort())
        const ranks = [...dispatched].sort((a, b) => a.rankMs - b.rankMs).map(({ taskId }) => taskId)
        expect(ranks).toEqual([high, normal, low])
        const leases = await storage.claimTasks(claimBy(await startWorker(storage), { max: 1 }))
        expect(leases.map(({ taskId }) => taskId)).toEqual([high])
        expect((await claimedIds()).sort()).toEqual([low, normal].sort())
      })

      test('closing a gate sets aside what waits already, and its priority can still be edited', async () => {
        const tasks = Array.from({ length: 250 }, (_, n) => newTask({ type: `test.${n % 3}` }))
        await storage.submitTasks(submissionOf(...tasks))
        const before = await ranksOf(given.db)
        await storage.closeQueue(PROJECT, 'default')
        const worker = await startWorker(storage, { types: ['test.0', 'test.1', 'test.2'], slots: 250 })
        expect(await storage.claimTasks(claimBy(worker))).toEqual([])
        expect(await storage.countQueuedTasks(-1_000)).toEqual([])
        await storage.editTask(tasks[0]!.id, { title: 'edited' }, BY)
        await storage.openQueue(PROJECT, 'default')
        expect(await ranksOf(given.db)).toEqual(before)
        expect(await storage.claimTasks(claimBy(worker))).toHaveLength(250)
      })

      test('a scheduled task waits at its gate once it is due, and an edit leaves it there', async () => {
        await storage.closeQueue(PROJECT, 'default')
        const task = gated({ delayMs: 3_600_000 })
        await storage.submitTasks(submissionOf(task))
        await storage.editTask(task.id, { runAt: null }, BY)
        const due = gated({ delayMs: 1 })
        await storage.submitTasks(submissionOf(due))
        await eventually(async () => (await storage.promoteTasks(10)).promoted > 0)
        expect(dispatched).toEqual([])
        expect(await claimedIds()).toEqual([])
        await storage.openQueue(PROJECT, 'default')
        expect((await claimedIds()).sort()).toEqual([task.id, due.id].sort())
      })

      test('a task that was stored while its gate was opened does not wait for ever', async () => {
        await storage.closeQueue(PROJECT, 'default')
        const [task, ofCaller] = [gated(), gated()]
        // The gate opens behind the admitter's look, as it may in another process.
        const racing = open({
          ...given.db,
          async run(statement, params) {
            const rows = await given.db.run(statement, params)
            if (statement.name === 'find_closed_gates') await storage.openQueue(PROJECT, 'default')
            return rows
          },
        })
        await racing.submitTasks(submissionOf(task))
        expect(await gateOf(task.id)).toBe(null)

        // In a caller's transaction nobody looks after the commit but the sweep.
        await storage.closeQueue(PROJECT, 'default')
        await given.db.transaction((tx) => storage.submitWithin(tx, submissionOf(ofCaller)))
        await script(given.db, 'delete from gate')
        expect(await gateOf(ofCaller.id)).toBe('queue/default')
        // The other one was set aside as well when the queue was closed again.
        expect(await storage.releaseFromOpenGates()).toBe(2)
        expect(await storage.releaseFromOpenGates()).toBe(0)
        expect(dispatched.map(({ taskId }) => taskId)).toContain(ofCaller.id)
      })
    })

    describe('end', () => {
      async function endAll(): Promise<Record<string, string>> {
        const kinds: Record<string, string> = {}
        for (const [verb, kind] of [
          ['complete', 'task.succeeded'],
          ['fail', 'task.failed'],
          ['cancel', 'task.cancelled'],
        ] as const) {
          const { task, lease } = await startTask(storage, { labels: { [LINK]: 'yes' } })
          await settle(storage, lease, VERDICTS[verb])
          kinds[task.id] = kind
        }
        const waiting = linked()
        await storage.submitTasks(submissionOf(waiting))
        await storage.cancelTask(waiting.id, BY, null)
        kinds[waiting.id] = 'task.cancelled'
        const late = linked({ type: 'test.late', timeouts: { scheduleToStartMs: 1 } })
        await storage.submitTasks(submissionOf(late))
        await eventually(async () => (await storage.expireTasks(10)) > 0)
        kinds[late.id] = 'task.failed'
        return kinds
      }

      const endsByTask = async () =>
        Object.fromEntries((await storage.listEnds()).map(({ taskId, kind }) => [taskId, kind]))

      test('each way to end a linked task leaves one notice, and a plain task leaves none', async () => {
        const kinds = await endAll()
        const { lease } = await startTask(storage)
        await settle(storage, lease, VERDICTS.complete)
        const { lease: retried } = await startTask(storage, { labels: { [LINK]: 'yes' } })
        await settle(storage, retried, VERDICTS.retry)
        expect(await notices()).toBe(Object.keys(kinds).length)
        expect(await storage.consumeEnds()).toBe(Object.keys(kinds).length)
        expect(await endsByTask()).toEqual(kinds)
        expect(await storage.listEnds()).toHaveLength(Object.keys(kinds).length)
        expect(await storage.consumeEnds()).toBe(0)
      })

      test('a batch of plain tasks does not open the table of notices', async () => {
        const locks = `select count(*) from pg_locks where relation = 'task_notice'::regclass and pid = pg_backend_pid()`
        for (const labels of [null, { [LINK]: 'yes' }]) {
          const { lease } = await startTask(storage, { labels })
          const opened = await given.db.transaction(async (tx) => {
            const { taskId, leaseId } = lease
            await tx.run(finishTasks, [`{${taskId}}`, `{${leaseId}}`, '{}', '{1}', '{}', '{}', 1_000, ['test-room']])
            return (await rowsOf<{ count: number }>(tx, locks))[0]!.count
          })
          expect(opened > 0).toBe(labels !== null)
        }
      })

      test('a redriven task leaves another notice', async () => {
        const { task, lease } = await startTask(storage, { labels: { [LINK]: 'yes' } })
        await settle(storage, lease, VERDICTS.fail)
        await storage.redriveTask(task.id, BY, null)
        await storage.cancelTask(task.id, BY, null)
        await storage.consumeEnds()
        expect((await storage.listEnds()).map(({ kind }) => kind)).toEqual(['task.cancelled', 'task.failed'])
      })

      test('without a consumer, a linked task leaves no notice', async () => {
        const none = openStorage({ db: given.db, events: given.events, retentionMs: RETENTION_MS })
        const { lease } = await startTask(none, { linked: true })
        await settle(none, lease, VERDICTS.complete)
        expect(await notices()).toBe(0)
      })

      test('what a consumer did not commit comes again', async () => {
        const { task, lease } = await startTask(storage, { labels: { [LINK]: 'yes' } })
        await settle(storage, lease, VERDICTS.complete)
        const broken = storage.consumeEnds(() => Promise.reject(new Error('it broke')))
        await expect(broken).rejects.toThrow('it broke')
        expect(await storage.listEnds()).toEqual([])
        expect(await storage.consumeEnds()).toBe(1)
        expect(await storage.listEnds()).toEqual([{ taskId: task.id, kind: 'task.succeeded' }])
      })

      test('several consumers at once share the notices, and each end is dealt with once', async () => {
        const tasks = Array.from({ length: 350 }, () => linked())
        await storage.submitTasks(submissionOf(...tasks))
        const leases = await storage.claimTasks(claimBy(await startWorker(storage, { slots: 350 }), { max: 350 }))
        await Promise.all(leases.map((lease) => settle(storage, lease, VERDICTS.complete)))
        while ((await notices()) > 0) await Promise.all(Array.from({ length: 3 }, () => storage.consumeEnds()))
        const ends = await storage.listEnds()
        expect(ends.map(({ taskId }) => taskId)).toEqual(tasks.map(({ id }) => id as string).sort())
      })

      test('its duty consumes the notices, as soon as a task has finished', async () => {
        const { task, lease } = await startTask(storage, { labels: { [LINK]: 'yes' } })
        const wakeups = databaseWakeups(given.db)
        const deps = { storage, wakeups, clock: systemClock, events: new EventEmitter<TaskFlowEvents>() }
        const [duty] = dutiesOf(deps as unknown as RoomDutyDeps, [testRoom])
        const unwatch = await duty!.watch!(() => duty!.service.wake())
        await duty!.service.start()
        try {
          await settle(storage, lease, VERDICTS.complete)
          await eventually(async () => (await storage.listEnds()).length > 0)
          expect(await storage.listEnds()).toEqual([{ taskId: task.id, kind: 'task.succeeded' }])
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
            const opened = open(db)
            const started = await startTask(opened, { labels: { [LINK]: 'yes' } })
            await settle(opened, started.lease, VERDICTS.complete)
            return [started.task.id, 'task.succeeded'] as const
          })
          const { signal } = spawnSync(process.execPath, [SCRIPT, place.where], { timeout: 60_000 })
          expect(signal).toBe('SIGKILL')
          await place.look(async (db) => {
            const opened = open(db)
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

const SCRIPT = join(import.meta.dirname, '../../../../checks/testing/src/test-room/consume-and-die.ts')

const ranksOf = (db: Database) => rowsOf<{ id: string; rank: Date }>(db, 'select id, rank::text from task order by id')

test('no room of the product uses the test room', () => {
  expect(ROOMS.map(({ name }) => name)).not.toContain(testRoom.name)
})
