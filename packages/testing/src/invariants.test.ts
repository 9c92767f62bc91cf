import type { Database } from '@taskflow/core'
import { beforeEach, describe, expect, test } from 'vitest'
import { emptyDatabase, useStorage } from './databases.ts'
import { engines } from './engines.ts'
import { claimBy, newTask, newWorker, submissionOf } from './factories.ts'
import { newWorkerId, strangeLeaseId } from './ids.ts'
import { checkInvariants } from './invariants.ts'

// One engine is enough: the queries are the same on all, and every other test runs them there.
const engine = engines()[0]!
const given = useStorage(engine, { checksInvariants: false })

beforeEach(() => emptyDatabase(given.db))

describe('the invariants hold', () => {
  test('in an empty database', async () => {
    expect(await checkInvariants(given.db)).toEqual([])
  })

  test('along the life of a task that is redriven', async () => {
    const { storage, db } = given
    const task = newTask()
    const worker = newWorker()
    await storage.registerWorker(worker, [])
    await storage.submitTasks(submissionOf(task))
    for (const result of ['"first"', '"second"']) {
      const [lease] = await storage.claimTasks(claimBy(worker))
      expect(await checkInvariants(db)).toEqual([])
      await storage.settleTasks([{ taskId: task.id, leaseId: lease!.leaseId, verdict: { verb: 'complete', result } }])
      expect(await checkInvariants(db)).toEqual([])
      await storage.redriveTask(task.id, { project: task.project, actor: 'key:test' }, null)
      expect(await checkInvariants(db)).toEqual([])
    }
  })
})

describe('a violation is found', () => {
  /** What was done to a task that is stored by hand, and the sentence that must come of it. */
  const planted: Readonly<Record<string, { readonly sql: (id: string) => string; readonly sentence: string }>> = {
    'both halves hold the task': {
      sql: (id) => `${queued(id)}; ${succeeded(id)}`,
      sentence: 'is both unfinished and finished (queued and succeeded)',
    },
    'a running task never started': {
      sql: (id) => `${queued(id)}; ${runOn('default')}; update task set started_at = null`,
      sentence: 'is running without a lease, a worker or a start',
    },
    'a running task is held by nobody known': {
      sql: (id) => `${queued(id)}; ${runOn('default')}; update task set worker_id = '${STRANGER}'`,
      sentence: `runs on a worker that is unknown, or of another project (${STRANGER})`,
    },
    'a running task is held by a worker of another project': {
      sql: (id) => `${queued(id)}; ${runOn('other')}`,
      sentence: 'runs on a worker that is unknown, or of another project',
    },
    'a queued task has no moment of queueing': {
      sql: (id) => `${queued(id)}; update task set queued_at = null`,
      sentence: 'is queued without the moment it was queued',
    },
    'a cancelled task came back': {
      sql: (id) => `${queued(id)}; update task set cancel_requested_at = now()`,
      sentence: 'came back though it was to be cancelled (queued)',
    },
    'a finished task has too many attempts': {
      sql: (id) => `${succeeded(id)}; update finished_task set attempt = 6`,
      sentence: 'used more attempts than it has (6 of 5)',
    },
    'a task that kills workers still waits': {
      sql: (id) => `${queued(id)}; update task set crash_count = 3`,
      sentence: 'was not quarantined after its crashes (3 crashes)',
    },
    'a task ended before it began': {
      sql: (id) => `${succeeded(id)}; update finished_task set started_at = finished_at + interval '1 s'`,
      sentence: 'ended before it began',
    },
    'an attempt ended before it began': {
      sql: (id) =>
        `${queued(id)}; ${attempt(id, 'failed')}; update task_attempt set ended_at = started_at - interval '1 s'`,
      sentence: 'ended before it began (attempt 1)',
    },
    'a task succeeded that nobody ran': {
      sql: (id) => `${succeeded(id)}; update finished_task set lease_id = null`,
      sentence: 'succeeded without having run',
    },
    'a second result was accepted': {
      sql: (id) => `${succeeded(id)}; ${attempt(id, 'succeeded')}`,
      sentence: 'had a result accepted twice (1 former results, 0 redrives)',
    },
    'an attempt is recorded that has not ended': {
      sql: (id) =>
        `${succeeded(id)}; ${attempt(id, 'failed')}; update task_attempt set lease_id = (select lease_id from finished_task)`,
      sentence: 'shares a lease with another record',
    },
  }

  for (const [what, { sql, sentence }] of Object.entries(planted)) {
    test(`when ${what}`, async () => {
      const { id } = newTask()
      await script(given.db, sql(id))
      expect(await checkInvariants(given.db)).toEqual([expect.stringContaining(`task ${id} ${sentence}`)])
    })
  }

  test('when a leader was elected too late', async () => {
    await script(given.db, leader(1, `now() - interval '1 s'`))
    expect(await checkInvariants(given.db)).toEqual(['leader coordinator was elected after its time was over'])
  })

  test('when a leader has no term, in a database that lost its constraints', async () => {
    await script(given.db, `alter table leader drop constraint leader_term_counted; ${leader(0, 'now()')}`)
    expect(await checkInvariants(given.db)).toEqual(['leader coordinator leads in no term (0)'])
  })
})

const STRANGER = newWorkerId()

const script = (db: Database, text: string): Promise<void> => db.transaction((tx) => tx.script(text))

const queued = (id: string): string => `
  insert into task (id, project, type, queue, state, priority, rank, payload, max_attempts, created_at, created_by, queued_at)
  values ('${id}', 'default', 'test.echo', 'default', 'queued', 2, now(), 'null', 5, now(), 'key:test', now())`

/** Has every task run on a worker of the project. */
const runOn = (project: string): string => `
  with held as (
    insert into worker (id, project, name, host, pid, version, labels, queues, types, slots, started_at, heartbeat_at)
    values ('${newWorkerId()}', '${project}', '', '', 1, '', '{}', '{}', '{}', 1, now(), now())
    returning id
  )
  update task set state = 'running', started_at = now(), lease_id = gen_random_uuid(), worker_id = held.id from held`

const leader = (term: number, expiresAt: string): string => `
  insert into leader (name, holder, term, elected_at, expires_at)
  values ('coordinator', '${newWorkerId()}', ${term}, now(), ${expiresAt})`

const succeeded = (id: string): string => `
  insert into finished_task (id, project, type, queue, state, priority, payload, attempt, max_attempts, crash_count,
                             created_at, created_by, queued_at, started_at, finished_at, worker_id, lease_id, result, keep_until)
  values ('${id}', 'default', 'test.echo', 'default', 'succeeded', 2, 'null', 1, 5, 0,
          now(), 'key:test', now(), now(), now(), '${newWorkerId()}', '${strangeLeaseId()}', 'null', now() + interval '1 day')`

const attempt = (id: string, outcome: string): string => `
  insert into task_attempt (task_id, lease_id, project, attempt, worker_id, started_at, ended_at, outcome)
  values ('${id}', '${strangeLeaseId()}', 'default', 1, '${newWorkerId()}', now(), now(), '${outcome}')`
