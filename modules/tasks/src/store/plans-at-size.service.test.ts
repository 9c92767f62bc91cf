/**
 * Measures what each hot statement reads where ten million tasks have finished and a million wait. A plan is the one that
 * production runs: the same text, prepared, with the parameters that the storage gives it, under the settings of its lane.
 */
import { EventEmitter } from 'node:events'
import { migrator, postgresDatabase } from '@taskflow/database'
import type { TaskFlowEvents } from '@taskflow/kernel'
import type { Storage } from '@taskflow/rooms'
import { openStorage } from '@taskflow/rooms'
import { allMigrations } from '@taskflow/rooms/migrations'
import { claimBy, newLogLine, newTask, newTaskId, PROJECT, pulse, submissionOf } from '@taskflow/testing'
import { fillHistory, fillWaiting, vacuumAll } from '@taskflow/testing/fill-tables'
import { machineBinaries } from '@taskflow/testing/postgres-binaries'
import { type PostgresServer, startPostgres } from '@taskflow/testing/postgres-server'
import { rowsOf, script } from '@taskflow/testing/raw-sql'
import { serverUser } from '@taskflow/testing/server-user'
import { startWorker, VERDICTS } from '@taskflow/testing/task-in-state'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Verdict } from '../domain/attempt-outcome.ts'
import type { NewTask, TaskId } from '../domain/task.ts'
import type { Lease, Settlement } from '../ports/attempt-store.ts'
import { type ExplainedDatabase, explainedDatabase } from './test/explained-database.ts'

const HISTORY = { days: 5, tasksPerDay: 2_000_000 }
const WAITING = {
  queues: Array.from({ length: 10 }, (_, number) => `waiting-${number}`),
  types: Array.from({ length: 20 }, (_, number) => `waiting.${number}`),
  queued: 1_000_000,
  scheduled: 50_000,
}
const BATCH = 100
const FILL_MS = 480_000
const PAGES_AT_LEAST = 50
const PAGES_PER_ROW = 20
const RETENTION_MS = 7 * 24 * 3_600_000

const events = new EventEmitter<TaskFlowEvents>()

// It is thrown away afterwards, and what nobody will recover need not be logged.
const SETTINGS = {
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '16GB',
  checkpoint_timeout: '1h',
  autovacuum: 'off',
}

let server: PostgresServer
let db: ExplainedDatabase
let storage: Storage

beforeAll(async () => {
  const binaries = machineBinaries(serverUser())
  if (!binaries) throw new Error('Expected a PostgreSQL on this machine')
  server = await startPostgres(binaries, serverUser(), SETTINGS)
  const real = postgresDatabase({ url: server.url })
  await migrator(real, allMigrations()).up()
  await Promise.all([fillHistory(server.url, HISTORY), fillWaiting(server.url, WAITING)])
  storage = openStorage({ db: real, events, retentionMs: RETENTION_MS })
  await storage.applyRetention()
  await Promise.all(Array.from({ length: 20 }, fillWorker))
  await script(real, NEAR_THEIR_END)
  await vacuumAll(server.url)
  db = explainedDatabase(real, server.url)
  storage = openStorage({ db, events, retentionMs: RETENTION_MS })
}, FILL_MS)

afterAll(async () => {
  await db?.close()
  await server?.stop()
})

/** A worker that holds as many tasks as it has slots, of some line among the million. */
async function fillWorker(_: unknown, index: number): Promise<void> {
  const line = { queues: [`waiting-${index % 10}`], types: [`waiting.${index % 20}`] }
  await storage.claimTasks(claimBy(await startWorker(storage, { ...line, slots: BATCH })))
}

// Half of a thousand with such an end are past it, and some of those that were scheduled are due.
const NEAR_THEIR_END = `
  update task set start_by = now() + (case when right(id::text, 1) < '8' then interval '-1 s' else interval '1 h' end)
  where id in (select id from task where state = 'queued' order by id desc limit 1000);
  update task set run_at = now() - interval '1 s'
  where id in (select id from task where state = 'scheduled' order by run_at limit 500)`

/** Submits tasks of a line of their own, and claims them. */
async function start(count = BATCH): Promise<Lease[]> {
  const type = `live.${newTaskId()}`
  await submit(Array.from({ length: count }, () => newTask({ type })))
  return storage.claimTasks(claimBy(await startWorker(storage, { types: [type], slots: count })))
}

const submit = (tasks: NewTask[]) => storage.submitTasks(submissionOf(...tasks))

const settleAll = (leases: readonly Pick<Settlement, 'taskId' | 'leaseId'>[], verdict: Verdict) =>
  storage.settleTasks(leases.map(({ taskId, leaseId }) => ({ taskId, leaseId, verdict })))

const someFinished = (where: string, limit = BATCH): Promise<{ id: TaskId; lease_id: string }[]> =>
  rowsOf(db, `select id, lease_id from finished_task where ${where} order by id limit ${limit}`)

const LINE = { project: PROJECT, queue: 'waiting-3', type: 'waiting.7', priority: 'normal' } as const

interface Case {
  /** The statement that it is about, of those that it sends. */
  readonly statement: string
  /** Rows that the statement gives, or writes. */
  readonly rows: number
  /** Rows that it may read in excess of twice that, and why it must. */
  readonly exception?: { readonly rowsRead: number; readonly because: string }
  /** Resolves with the call that is looked at. */
  prepare(): Promise<() => Promise<unknown>>
}

const CASES: Readonly<Record<string, Case>> = {
  'submits a hundred tasks': {
    statement: 'submit_tasks',
    rows: BATCH,
    prepare: async () => () =>
      submit(Array.from({ length: BATCH }, (_, index) => newTask({ maxAttempts: 1 + (index % 2) }))),
  },
  'submits a hundred tasks that are all alike': {
    statement: 'submit_alike_tasks',
    rows: BATCH,
    prepare: async () => () => submit(Array.from({ length: BATCH }, () => newTask())),
  },
  'submits a task with an idempotency key': {
    statement: 'submit_tasks_once',
    rows: 1,
    prepare: async () => () =>
      storage.submitTasks({ ...submissionOf(newTask()), idempotency: { key: newTaskId(), requestHash: 'hash' } }),
  },
  'claims a hundred of one line': {
    statement: 'claim_tasks',
    rows: BATCH,
    prepare: async () => {
      const worker = await startWorker(storage, { queues: [LINE.queue], types: [LINE.type] })
      return () => storage.claimTasks(claimBy(worker, { max: BATCH }))
    },
  },
  'claims a hundred of twenty lines': {
    statement: 'claim_tasks_of_subqueues',
    rows: BATCH,
    exception: {
      rowsRead: 25 * BATCH,
      because:
        'the first hundred of each line may all be older than those of the others; it reads them, and locks a hundred',
    },
    prepare: async () => {
      const worker = await startWorker(storage, {
        queues: ['waiting-0', 'waiting-1', 'waiting-2', 'waiting-4'],
        types: ['waiting.0', 'waiting.1', 'waiting.2', 'waiting.3', 'waiting.4'],
      })
      return () => storage.claimTasks(claimBy(worker, { max: BATCH }))
    },
  },
  'claims a hundred by their ids': {
    statement: 'claim_tasks_by_id',
    rows: BATCH,
    prepare: async () => {
      const ids = (await storage.listQueuedTasks({ ...LINE, type: 'waiting.9' }, { limit: BATCH })).map(
        ({ taskId }) => taskId,
      )
      const worker = await startWorker(storage, { queues: [LINE.queue], types: ['waiting.9'] })
      return () => storage.claimTasks(claimBy(worker, { ids, max: BATCH }))
    },
  },
  'checks the claimer after an empty claim': {
    statement: 'find_claimer',
    rows: 1,
    prepare: async () => {
      const worker = await startWorker(storage)
      return () => storage.claimTasks(claimBy(worker, { ids: [newTaskId()] }))
    },
  },
  'completes a hundred': {
    statement: 'finish_tasks',
    rows: BATCH,
    prepare: async () => {
      const leases = await start()
      return () => settleAll(leases, VERDICTS.complete)
    },
  },
  'returns a hundred': {
    statement: 'requeue_tasks',
    rows: BATCH,
    prepare: async () => {
      const leases = await start()
      return () => settleAll(leases, VERDICTS.retry)
    },
  },
  'looks for a hundred that were settled before': {
    statement: 'find_settled_leases',
    rows: BATCH,
    prepare: async () => {
      const leases = await start()
      await settleAll(leases, VERDICTS.complete)
      return () => settleAll(leases, VERDICTS.complete)
    },
  },
  'records the heartbeat of a worker that holds a hundred': {
    statement: 'heartbeat_worker',
    rows: 1,
    exception: { rowsRead: BATCH, because: 'it looks at what the worker holds, for what is to be cancelled' },
    prepare: async () => {
      const [lease] = await start()
      const { workerId } = await storage.getTask(PROJECT, lease!.taskId)
      return () => storage.heartbeatWorker(workerId!, pulse())
    },
  },
  'lists what a worker holds': {
    statement: 'list_held_leases',
    rows: BATCH,
    prepare: async () => {
      const [lease] = await start()
      const { workerId } = await storage.getTask(PROJECT, lease!.taskId)
      return () => storage.listHeldLeases(workerId!)
    },
  },
  'promotes a hundred': {
    statement: 'promote_tasks',
    rows: BATCH,
    prepare: async () => () => storage.promoteTasks(BATCH),
  },
  'looks when the next is due': {
    statement: 'next_due',
    rows: 1,
    prepare: async () => () => storage.promoteTasks(BATCH),
  },
  'expires a hundred': {
    statement: 'expire_tasks',
    rows: BATCH,
    prepare: async () => () => storage.expireTasks(BATCH),
  },
  'lists a hundred that are queued': {
    statement: 'list_queued_tasks',
    rows: BATCH,
    prepare: async () => () => storage.listQueuedTasks({ ...LINE, type: 'waiting.11' }, { limit: BATCH }),
  },
  'lists the hundred queued after those': {
    statement: 'list_queued_tasks',
    rows: BATCH,
    prepare: async () => {
      const last = (await storage.listQueuedTasks(LINE, { limit: BATCH })).at(-1)!
      return () => storage.listQueuedTasks(LINE, { limit: BATCH, after: last })
    },
  },
  'finds a task that finished days ago': {
    statement: 'get_task',
    rows: 1,
    prepare: async () => {
      const [old] = await someFinished(`id > first_id_at(now() - interval '4 days')`, 1)
      return () => storage.getTask(PROJECT, old!.id)
    },
  },
  'finds a task that waits': {
    statement: 'get_task',
    rows: 1,
    prepare: async () => {
      const [queued] = await storage.listQueuedTasks(LINE, { limit: 1 })
      return () => storage.getTask(PROJECT, queued!.taskId)
    },
  },
  'finds which of a hundred have finished': {
    statement: 'find_finished_tasks',
    rows: BATCH,
    prepare: async () => {
      const ids = (await someFinished(`id > first_id_at(now() - interval '3 days')`)).map(({ id }) => id)
      return () => storage.findFinishedTasks(ids)
    },
  },
  'lists the newest': {
    statement: 'list_tasks',
    rows: BATCH,
    prepare: async () => () => list({}),
  },
  'lists a page of days ago': {
    statement: 'list_tasks',
    rows: BATCH,
    prepare: async () => () => list({ createdBefore: new Date(Date.now() - 4 * 86_400_000) }),
  },
  'reads the payloads and results of a page': {
    statement: 'read_tasks',
    rows: BATCH,
    prepare: async () => () => list({}, { payload: true, result: true }),
  },
  'lists those that succeeded': {
    statement: 'list_tasks',
    rows: BATCH,
    prepare: async () => () => list({ states: ['succeeded'] }),
  },
  'lists the dead letters': {
    statement: 'list_unsuccessful_tasks',
    rows: BATCH,
    prepare: async () => () => list({ states: ['failed'] }),
  },
  'lists those that wait': {
    statement: 'list_tasks',
    rows: BATCH,
    prepare: async () => () => list({ states: ['queued', 'scheduled'], createdBefore: new Date(Date.now() - 600_000) }),
  },
  'lists those of a label': {
    statement: 'list_tasks',
    rows: BATCH,
    exception: {
      rowsRead: 1.2 * (WAITING.queued + WAITING.scheduled),
      because: 'unfinished tasks have no index of labels, which each step of each labelled task would pay for',
    },
    prepare: async () => () => list({ labels: { customer: '101' } }),
  },
  'lists the workers': {
    statement: 'list_workers',
    rows: 20,
    exception: { rowsRead: 20 * 200, because: 'it lists what each of them runs, up to 200 tasks' },
    prepare: async () => () => storage.listWorkers(PROJECT, { limit: 20 }),
  },
  'lists the leases of lost workers': {
    statement: 'list_orphaned_leases',
    rows: 0,
    exception: { rowsRead: 60 * BATCH, because: 'it looks at all that runs, which is never more than there are slots' },
    prepare: async () => () => storage.listOrphanedLeases(BATCH),
  },
  'finds the last log line of a hundred tasks': {
    statement: 'find_last_log',
    rows: BATCH,
    prepare: async () => {
      const ids = (await start()).map(({ taskId }) => taskId)
      await storage.appendLogs(ids.flatMap((id) => Array.from({ length: 20 }, () => newLogLine(id))))
      return () => storage.findLastLog(ids)
    },
  },
  'cancels a task that waits': {
    statement: 'cancel_task',
    rows: 1,
    prepare: async () => {
      const [queued] = await storage.listQueuedTasks(LINE, { limit: 1 })
      return () => storage.cancelTask(queued!.taskId, BY, null)
    },
  },
  'redrives a dead letter': {
    statement: 'redrive_task',
    rows: 1,
    prepare: async () => {
      const [failed] = await list({ states: ['failed'] })
      return () => storage.redriveTask(failed!.id, BY, null)
    },
  },
}

const BY = { project: PROJECT, actor: 'key:test' }

const list = (filter: Partial<Parameters<Storage['listTasks']>[0]>, include = { payload: false, result: false }) =>
  storage.listTasks({ project: PROJECT, ...filter }, { limit: BATCH }, include)

test.each(Object.entries(CASES))('%s', async (_, { statement, rows, exception, prepare }) => {
  const call = await prepare()
  db.readings()
  await call()
  const readings = db.readings().filter((reading) => reading.statement === statement)
  expect(readings).toHaveLength(1)
  const [{ readWhole, rowsRead, plan, pages }] = readings as [(typeof readings)[0]]
  expect(readWhole, plan).toEqual([])
  expect(rowsRead, plan).toBeLessThanOrEqual(exception?.rowsRead ?? 2 * rows)
  // Versions that are dead are no rows, and are looked at all the same.
  expect(pages, plan).toBeLessThanOrEqual(PAGES_AT_LEAST + PAGES_PER_ROW * (rows + rowsRead))
})

test('detects a statement that reads all that waits', async () => {
  db.readings()
  await rowsOf(db, 'select id from task where crash_count > 100 limit 1')
  const [reading] = db.readings()
  expect(reading?.rowsRead).toBeGreaterThan(WAITING.queued)
})
