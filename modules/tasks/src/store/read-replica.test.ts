import type { Database, Statement } from '@taskflow/database'
import type { Storage } from '@taskflow/rooms'
import { openStorage } from '@taskflow/rooms'
import {
  emptyDatabase,
  engines,
  newLogLine,
  newTask,
  newTaskId,
  openTestDatabase,
  PROJECT,
  pulse,
  submissionOf,
  useStorage,
} from '@taskflow/testing'
import { attemptsOf, eventsOf, startTask, startWorker, submitTask, taskInState } from '@taskflow/testing/task-in-state'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

const EVERYTHING = { payload: true, result: true }
const PAGE = { limit: 10 }

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    /** Stands for a replica: another database, so that each answer says where it comes from. */
    let replica: Database
    let ofReplica: Storage
    /** Over both. */
    let storage: Storage
    let drop: () => Promise<void>
    const asked: Statement<never, unknown>[] = []

    beforeAll(async () => {
      const opened = await openTestDatabase(engine)
      replica = opened.db
      drop = opened.drop
      const events = given.events
      ofReplica = openStorage({ db: replica, events, retentionMs: 1_000_000 })
      const readDb: Database = {
        ...replica,
        run(statement, params) {
          asked.push(statement as never)
          return replica.run(statement, params)
        },
      }
      storage = openStorage({ db: given.db, readDb, events, retentionMs: 1_000_000 })
    })
    beforeEach(async () => {
      await Promise.all([emptyDatabase(given.db), emptyDatabase(replica)])
      asked.length = 0
    })
    afterAll(() => drop())

    test('tasks and queues are listed as the replica knows them', async () => {
      const here = await submitTask(storage)
      const there = await submitTask(ofReplica)
      const { task: failed } = await taskInState({ storage: ofReplica, db: replica }, 'failed', { queue: 'b' })
      await storage.countQueues()
      await ofReplica.countQueues()
      const idsOf = async (...states: ('queued' | 'failed')[]) =>
        (await storage.listTasks({ project: PROJECT, states }, PAGE, EVERYTHING)).map(({ id }) => id)
      expect(await idsOf('queued')).toEqual([there.id])
      expect(await idsOf('failed')).toEqual([failed.id])
      expect((await storage.listQueues(PROJECT, PAGE)).map(({ name }) => name)).toEqual(['default'])
      expect(await storage.getTask(PROJECT, here.id)).toMatchObject({ id: here.id })
    })

    test('what belongs to a task is listed as the replica knows it', async () => {
      const { task, lease } = await startTask(ofReplica)
      const line = { id: newTaskId(), project: PROJECT, taskId: task.id, attempt: 1, at: new Date(), fields: null }
      await ofReplica.appendLogs([
        { ...line, level: 'info', message: 'from the replica' },
        { ...line, id: newTaskId(), level: 'info', message: 'of a later page' },
      ])
      expect(await attemptsOf(storage, task.id)).toMatchObject([{ id: lease.leaseId }])
      expect(await eventsOf(storage, task.id)).toMatchObject([{ kind: 'task.created' }, { kind: 'task.started' }])
      expect(await storage.listLogs(PROJECT, task.id, { limit: 1 })).toMatchObject([{ message: 'from the replica' }])
    })

    test('the last lines of a log come from the primary, because a follower stops where they end', async () => {
      const task = newTask()
      const lines = ['first', 'second', 'third'].map((message) => newLogLine(task.id, { message }))
      for (const each of [storage, ofReplica]) await each.submitTasks(submissionOf(task))
      await storage.appendLogs(lines)
      await ofReplica.appendLogs(lines.slice(0, 2))
      const [first, ...others] = await storage.listLogs(PROJECT, task.id, { limit: 1 })
      expect([first, others]).toMatchObject([{ message: 'first' }, []])
      const rest = await storage.listLogs(PROJECT, task.id, { limit: 2, after: first!.cursor })
      expect(rest).toMatchObject([{ message: 'second' }, { message: 'third' }])
    })

    test('what belongs to a task that the replica does not have yet is listed all the same', async () => {
      const { task, lease } = await startTask(storage)
      const line = { id: newTaskId(), project: PROJECT, taskId: task.id, attempt: 1, at: new Date(), fields: null }
      await storage.appendLogs([{ ...line, level: 'info', message: 'from the primary' }])
      expect(await attemptsOf(storage, task.id)).toMatchObject([{ id: lease.leaseId }])
      expect(await eventsOf(storage, task.id)).toHaveLength(2)
      expect(await storage.listLogs(PROJECT, task.id, PAGE)).toMatchObject([{ message: 'from the primary' }])
    })

    test('a task that neither has is not found', async () => {
      const notFound = { code: 'TASK_NOT_FOUND' }
      const id = newTaskId()
      for (const list of [storage.listAttempts, storage.listEvents]) {
        await expect(list(PROJECT, id, PAGE)).rejects.toMatchObject(notFound)
      }
      await expect(storage.listLogs(PROJECT, id, PAGE)).rejects.toMatchObject(notFound)
    })

    test('all else is asked of the primary: writes, single reads, waits, workers and duties', async () => {
      const by = { project: PROJECT, actor: 'key:test' }
      const { task, worker, lease } = await startTask(storage)
      await storage.getTask(PROJECT, task.id)
      await storage.heartbeatWorker(worker.id, pulse())
      await storage.listHeldLeases(worker.id)
      await storage.settleTasks([{ ...lease, verdict: { verb: 'complete', result: '1' } }])
      expect(await storage.findFinishedTasks([task.id])).toEqual([task.id])
      await storage.redriveTask(task.id, by, null)
      await storage.editTask(task.id, { title: 'x' }, by)
      await storage.countQueues()
      await storage.getQueue(PROJECT, 'default')
      await storage.cancelTask(task.id, by, null)
      await storage.listTaskTypes(PROJECT)
      await startWorker(storage)
      expect(await storage.listWorkers(PROJECT, PAGE)).toHaveLength(2)
      expect((await storage.cordonWorker(PROJECT, worker.id)).id).toBe(worker.id)
      await storage.promoteTasks(1)
      await storage.countQueuedTasks(0)
      expect(asked).toEqual([])
    })

    test('nothing that is asked of a replica writes, locks or notifies', async () => {
      const { task } = await startTask(ofReplica)
      await storage.listTasks({ project: PROJECT }, PAGE, EVERYTHING)
      await storage.listTasks({ project: PROJECT, states: ['failed'] }, PAGE, EVERYTHING)
      await storage.listQueues(PROJECT, PAGE)
      await attemptsOf(storage, task.id)
      await eventsOf(storage, task.id)
      await ofReplica.appendLogs([newLogLine(task.id)])
      await storage.listLogs(PROJECT, task.id, { limit: 1 })
      await expect(storage.listLogs(PROJECT, newTaskId(), PAGE)).rejects.toThrow()
      const names = new Set(asked.map(({ name }) => name))
      expect([...names].sort()).toEqual([
        'get_task',
        'list_attempts',
        'list_events',
        'list_logs',
        'list_queues',
        'list_tasks',
        'list_unsuccessful_tasks',
        'read_tasks',
      ])
      const writing = /\b(insert|update|delete|for (update|share)|pg_notify|pg_advisory\w*|nextval|gen_random_uuid)\b/i
      expect(asked.filter(({ text }) => writing.test(text)).map(({ name }) => name)).toEqual([])
    })
  })
}
