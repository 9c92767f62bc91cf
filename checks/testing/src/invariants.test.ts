import type { Database, Queryable } from '@taskflow/database'
import { describe, expect, test } from 'vitest'
import { useStorage } from './databases.ts'
import { engines } from './engines.ts'
import { claimBy, newTask, newWorker, submissionOf } from './factories.ts'
import { newTaskId, newWorkerId, strangeLeaseId } from './ids.ts'
import { checkInvariants, INVARIANTS } from './invariants.ts'

// One engine is enough: the queries are the same on all, and every other test runs them there.
const engine = engines()[0]!

describe('the invariants hold', () => {
  const given = useStorage(engine)

  test('in an empty database', async () => {
    expect(await checkInvariants(given.db)).toEqual([])
  })

  test('in one with partitions', async () => {
    await given.storage.applyRetention()
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

const WORKER = newWorkerId()
const STRANGER = newWorkerId()

interface Violation {
  readonly what: string
  /** Done to an empty database. Constraints and plans that stand in the way go as well, as in one that lost them. */
  readonly sql: (id: string) => string
  /** In brackets behind the sentence. */
  readonly detail?: string | RegExp
  /** Who breaks it, where that is not the task. */
  readonly of?: string
}

const queued = (id: string): string => `
  insert into task (id, project, type, queue, state, priority, rank, payload, max_attempts, created_at, created_by, queued_at)
  values ('${id}', 'default', 'test.echo', 'default', 'queued', 2, now(), 'null', 5, now(), 'key:test', now());`

const WORKER_ROW = `
  insert into worker (id, project, name, host, pid, version, labels, queues, types, slots, started_at, heartbeat_at)
  values ('${WORKER}', 'default', '', '', 1, '', '{}', '{}', '{}', 1, now(), now());`

const running = (id: string): string => `${queued(id)} ${WORKER_ROW}
  update task set state = 'running', attempt = 1, started_at = now(), lease_id = gen_random_uuid(), worker_id = '${WORKER}';`

const succeeded = (id: string): string => `
  insert into finished_task (id, project, type, queue, state, priority, payload, attempt, max_attempts, crash_count,
                             created_at, created_by, queued_at, started_at, finished_at, worker_id, lease_id, result, keep_until)
  values ('${id}', 'default', 'test.echo', 'default', 'succeeded', 2, 'null', 1, 5, 0,
          now(), 'key:test', now(), now(), now(), '${WORKER}', '${strangeLeaseId()}', 'null', now() + interval '1 day');`

const failed = (id: string): string => `${succeeded(id)}
  update finished_task set state = 'failed', result = null, error = '{"reason":"exhausted"}';`

const cancelled = (id: string): string => `${succeeded(id)}
  update finished_task set state = 'cancelled', result = null, attempt = 0, lease_id = null, worker_id = null, started_at = null;`

/** A minute ago, so that the task's own attempt follows it. */
const record = (
  id: string,
  { attempt = 1, outcome = 'failed', reason = 'retryable', endedAt = '-58 s' } = {},
): string => `
  insert into task_attempt (task_id, lease_id, project, attempt, worker_id, started_at, ended_at, outcome, error)
  values ('${id}', '${strangeLeaseId()}', 'default', ${attempt}, '${WORKER}', now() - interval '1 minute',
          now() + interval '${endedAt}', '${outcome}', '{"name":"WorkerLost","reason":"${reason}"}');`

const event = (id: string, kind: string, at = 'now()'): string => `
  insert into task_event (task_id, project, at, kind, detail) values ('${id}', 'default', ${at}, '${kind}', '{}');`

const key = (name: string, id: string, at = 'now()'): string => `
  insert into idempotency_key (project, key, request_hash, task_ids, created_at) values ('default', '${name}', '', '{${id}}', ${at});`

const notice = (id: string, kind = 'task.succeeded', project = 'default'): string => `
  update task set linked = true where id = '${id}';
  update finished_task set linked = true where id = '${id}';
  insert into task_notice (id, consumer, project, task_id, kind, at) overriding system value
  values (7, 'graph', '${project}', '${id}', '${kind}', now());`

const leader = (term: number, expiresAt: string): string => `
  insert into leader (name, holder, term, elected_at, expires_at)
  values ('coordinator', '${WORKER}', ${term}, now(), ${expiresAt});`

const dropCheck = (table: string, name: string): string => `alter table ${table} drop constraint ${name};`

const secondAttempt = (id: string): string =>
  `${succeeded(id)} update finished_task set attempt = 2, created_at = now() - interval '1 hour';`

/** Keyed by the sentence that the checker must report. */
const PLANTED: Readonly<Record<string, readonly Violation[]>> = {
  'is both unfinished and finished': [
    {
      what: 'both halves hold the task',
      sql: (id) => `${queued(id)} ${succeeded(id)}`,
      detail: 'queued and succeeded',
    },
  ],
  'is running without a lease, a worker or a start': [
    { what: 'a running task never started', sql: (id) => `${running(id)} update task set started_at = null` },
  ],
  'runs on a worker that is unknown, or of another project': [
    {
      what: 'a running task is held by nobody known',
      sql: (id) => `${running(id)} update task set worker_id = '${STRANGER}'`,
      detail: STRANGER,
    },
    {
      what: 'a running task is held by a worker of another project',
      sql: (id) => `${running(id)} update worker set project = 'other'`,
      detail: WORKER,
    },
  ],
  'is not running, but has a lease or worker': [
    {
      what: 'a queued task has a worker',
      sql: (id) =>
        `${dropCheck('task', 'task_leased_iff_running')} ${queued(id)} update task set worker_id = '${WORKER}'`,
      detail: 'queued',
    },
  ],
  'is queued without the time at which it became queued': [
    { what: 'a queued task has no moment of queueing', sql: (id) => `${queued(id)} update task set queued_at = null` },
  ],
  'is scheduled or retrying without a due time': [
    {
      what: 'a scheduled task has no run time',
      sql: (id) => `${dropCheck('task', 'task_due_when_scheduled')} ${queued(id)} update task set state = 'scheduled'`,
      detail: 'scheduled',
    },
  ],
  'waits although its cancellation was requested': [
    {
      what: 'a cancelled task is queued again',
      sql: (id) => `${queued(id)} update task set cancel_requested_at = now(); ${event(id, 'task.cancelRequested')}`,
      detail: 'queued',
    },
  ],
  'used more attempts than its maximum': [
    {
      what: 'a finished task has too many attempts',
      sql: (id) => `${succeeded(id)} update finished_task set max_attempts = 0`,
      detail: '1 of 0',
    },
  ],
  'was not quarantined after too many crashes': [
    {
      what: 'a task that kills workers still waits',
      sql: (id) => `${queued(id)} update task set crash_count = 3, created_at = now() - interval '1 hour';
                    ${[1, 2, 3].map((second) => record(id, { outcome: 'rescued', reason: 'crashed', endedAt: `-${60 - second} s` })).join('')}
                    update task_attempt set started_at = ended_at`,
      detail: '3 crashes',
    },
  ],
  'is in a state that does not match its table': [
    {
      what: 'a finished task is queued',
      sql: (id) => `${dropCheck('finished_task', 'finished_task_state_known')} ${cancelled(id)}
                    update finished_task set state = 'queued'`,
      detail: 'queued',
    },
  ],
  'finished without an end': [
    {
      what: 'a finished task has no end',
      sql: (id) => `alter table finished_task alter finished_at drop not null; ${succeeded(id)}
                    update finished_task set finished_at = null`,
      detail: 'succeeded',
    },
  ],
  'ended before it began': [
    {
      what: 'a task ended a second before it began',
      sql: (id) => `${succeeded(id)} update finished_task set started_at = finished_at + interval '1 s'`,
    },
  ],
  'has a retention that ends before the task ended': [
    {
      what: 'a task is kept until yesterday',
      sql: (id) => `${succeeded(id)} update finished_task set keep_until = finished_at - interval '1 day'`,
    },
  ],
  'succeeded without a result, or has a result without success': [
    {
      what: 'a success has no result',
      sql: (id) => `${dropCheck('finished_task', 'finished_task_succeeded_with_result')} ${succeeded(id)}
                    update finished_task set result = null`,
      detail: 'succeeded',
    },
  ],
  'succeeded without having run': [
    {
      what: 'a success has no lease',
      sql: (id) => `${succeeded(id)} update finished_task set lease_id = null, attempt = 0`,
    },
  ],
  'ended with an incomplete lease': [
    {
      what: 'a failure has a worker and no lease',
      sql: (id) => `${failed(id)} update finished_task set lease_id = null, attempt = 0`,
      detail: 'failed',
    },
  ],
  'failed without an error': [
    {
      what: 'a failure has no error',
      sql: (id) => `${dropCheck('finished_task', 'finished_task_failed_with_error')} ${failed(id)}
                    update finished_task set error = null`,
    },
  ],
  'has a recorded attempt, but does not exist': [
    { what: 'an attempt outlives its task', sql: (id) => record(id), detail: 'failed' },
  ],
  'has an attempt that ended before it began': [
    {
      what: 'an attempt ended an hour before it began',
      sql: (id) => `${secondAttempt(id)} ${record(id, { endedAt: '-1 hour' })}`,
      detail: 'attempt 1',
    },
  ],
  'shares a lease with another record': [
    {
      what: 'the attempt that ended a task is recorded beside it',
      sql: (id) =>
        `${secondAttempt(id)} ${record(id)} update task_attempt set lease_id = (select lease_id from finished_task)`,
      detail: /./,
    },
  ],
  'had a result accepted twice': [
    {
      what: 'a second result was accepted',
      sql: (id) => `${succeeded(id)} ${record(id, { outcome: 'succeeded' })}`,
      detail: '1 former results, 0 redrives',
    },
  ],
  'ended more often than it was redriven': [
    {
      what: 'a task that failed for good ran again',
      sql: (id) => `${secondAttempt(id)} ${record(id, { reason: 'exhausted' })}`,
      detail: '1 ends, 0 redrives',
    },
  ],
  'has an attempt count that differs from its records': [
    {
      what: 'a released attempt counts',
      sql: (id) => `${queued(id)} update task set attempt = 1; ${record(id, { outcome: 'released' })}`,
      detail: '1 used up before, 0 recorded',
    },
    {
      what: 'an attempt that failed does not count',
      sql: (id) => `${queued(id)} ${record(id)}`,
      detail: '0 used up before, 1 recorded',
    },
    {
      what: 'a redriven task keeps the attempts of its former life',
      sql: (id) => `${queued(id)} update task set attempt = 1, created_at = now() - interval '1 hour';
                    ${record(id, { reason: 'exhausted' })} ${event(id, 'task.redriven', `now() - interval '30 s'`)}`,
      detail: '1 used up before, 0 recorded',
    },
  ],
  'has a crash count that differs from its records': [
    {
      what: 'a rescue does not count the crash',
      sql: (id) => `${queued(id)} ${record(id, { outcome: 'rescued', reason: 'crashed' })}`,
      detail: '0 crashes, 1 recorded',
    },
    {
      what: 'a crash is counted that was none',
      sql: (id) => `${succeeded(id)} update finished_task set crash_count = 1`,
      detail: '1 crashes, 0 recorded',
    },
  ],
  'has attempts whose numbers are not consecutive': [
    {
      what: 'the first attempt is missing',
      sql: (id) => `${secondAttempt(id)} ${record(id, { attempt: 2 })}`,
      detail: 'attempt 2 where 1 is next',
    },
  ],
  'ran twice at the same time': [
    {
      what: 'an attempt ended a minute after the next began',
      sql: (id) => `${secondAttempt(id)} ${record(id, { endedAt: '1 minute' })}`,
      detail: 'attempt 2 began before the one before it ended',
    },
  ],
  'was rescued from a worker that is active or draining': [
    {
      what: 'the rescuer took a task from a live worker',
      sql: (id) => `${queued(id)} ${WORKER_ROW} update task set crash_count = 1;
                    ${record(id, { outcome: 'rescued', reason: 'crashed' })}`,
      detail: WORKER,
    },
    {
      what: 'a task is quarantined for the death of a live worker',
      sql: (id) => `${failed(id)} ${WORKER_ROW}
                    update finished_task set crash_count = 1, error = '{"name":"WorkerLost","reason":"quarantined"}'`,
      detail: WORKER,
    },
  ],
  'has a recorded event, but does not exist': [
    { what: 'an event outlives its task', sql: (id) => event(id, 'task.edited'), detail: 'task.edited' },
  ],
  'has an event of an unknown kind': [
    {
      what: 'what can be read off the row has an event',
      sql: (id) => `${succeeded(id)} ${event(id, 'task.succeeded')}`,
      detail: 'task.succeeded',
    },
  ],
  'has an event from before it was created': [
    {
      what: 'a task was edited before it was created',
      sql: (id) => `${queued(id)} ${event(id, 'task.edited', `now() - interval '1 hour'`)}`,
      detail: 'task.edited',
    },
  ],
  'has an event from after it ended': [
    {
      what: 'a finished task progressed',
      sql: (id) => `${succeeded(id)} ${event(id, 'task.progressed', `now() + interval '1 hour'`)}`,
      detail: 'task.progressed',
    },
  ],
  'has more cancellation requests than lives': [
    {
      what: 'a task was asked twice',
      sql: (id) => `${running(id)} update task set cancel_requested_at = now();
                    ${event(id, 'task.cancelRequested')} ${event(id, 'task.cancelRequested')}`,
      detail: '2 times, 0 redrives',
    },
  ],
  'has a cancellation request without an event': [
    {
      what: 'nobody asked for a cancel',
      sql: (id) => `${running(id)} update task set cancel_requested_at = now()`,
      detail: 'running',
    },
  ],
  'has a cancellation event without a request on its row': [
    {
      what: 'a cancel was lost',
      sql: (id) => `${running(id)} ${event(id, 'task.cancelRequested')}`,
      detail: 'running',
    },
  ],
  'was edited after its cancellation was requested': [
    {
      what: 'a cancelled task was edited',
      sql: (id) => `${cancelled(id)}
                    update finished_task set created_at = now() - interval '1 minute', cancel_requested_at = now() - interval '10 s';
                    ${event(id, 'task.cancelRequested', `now() - interval '10 s'`)} ${event(id, 'task.edited')}`,
    },
  ],
  'waits at a gate where claims find it, or is kept from claims at no gate': [
    {
      what: 'a task waits at a gate in the order of claims',
      sql: (id) => `${queued(id)} update task set waiting_gate = 'shut'`,
      detail: 'shut',
    },
    {
      what: 'a released task did not get its rank back',
      sql: (id) => `${queued(id)} update task set rank = rank + interval '8766000 hours'`,
    },
  ],
  'runs though it waits at a gate': [
    {
      what: 'a task was claimed at a gate',
      sql: (id) => `${running(id)} update task set waiting_gate = 'shut', rank = rank + interval '8766000 hours'`,
      detail: 'shut',
    },
  ],
  'is about a task that is nowhere': [
    { what: 'a notice was stored without its task', sql: (id) => notice(id), of: 'notice 7', detail: /./ },
  ],
  'is about a task that is not linked': [
    {
      what: 'a plain task left a notice',
      sql: (id) => `${succeeded(id)} ${notice(id)} update finished_task set linked = null`,
      of: 'notice 7',
      detail: /./,
    },
  ],
  'is about a task of another project': [
    {
      what: 'a notice was stored for another project',
      sql: (id) => `${succeeded(id)} ${notice(id, 'task.succeeded', 'other')}`,
      of: 'notice 7',
      detail: /./,
    },
  ],
  'is about a task that has not ended': [
    { what: 'a queued task left a notice', sql: (id) => `${queued(id)} ${notice(id)}`, of: 'notice 7', detail: /./ },
  ],
  'is of an unknown kind': [
    {
      what: 'a notice says something else than an end',
      sql: (id) => `${succeeded(id)} ${notice(id, 'task.started')}`,
      of: 'notice 7',
      detail: 'task.started',
    },
  ],
  'names a task that does not exist': [
    {
      what: 'a key was stored without its task',
      sql: (id) => key('k', id),
      of: 'idempotency key k',
      detail: /./,
    },
  ],
  'names a task that another key also names': [
    {
      what: 'two keys gave one task',
      sql: (id) => `${queued(id)} ${key('k', id)} ${key('l', id)}`,
      of: 'idempotency key k',
      detail: /./,
    },
  ],
  'has a term below 1': [
    {
      what: 'a leader has no term',
      sql: () => `${dropCheck('leader', 'leader_term_counted')} ${leader(0, 'now()')}`,
      of: 'leader coordinator',
      detail: '0',
    },
  ],
  'was elected after its lease expired': [
    {
      what: 'a leader was elected too late',
      sql: () => leader(1, `now() - interval '1 s'`),
      of: 'leader coordinator',
    },
  ],
  'has a constraint that is not validated': [
    {
      what: 'a check was added without a look at the rows',
      sql: () => 'alter table worker add constraint worker_has_slots check (slots > 0) not valid',
      of: 'table worker',
      detail: 'worker_has_slots',
    },
  ],
  'has an index that is not valid': [
    {
      what: 'an index was left half built',
      sql: () => `update pg_index set indisvalid = false where indexrelid = 'task_due'::regclass`,
      of: 'table task',
      detail: 'task_due',
    },
  ],
  'has no default partition': [
    {
      what: 'a default partition is gone',
      sql: () => 'drop table task_log_default',
      of: 'table task_log',
    },
  ],
  'is named after a day, but is not a partition': [
    {
      what: 'a day was taken off and never dropped',
      sql: () => `select add_partition_day('2026-01-01'); alter table task_log detach partition task_log_20260101`,
      of: 'table task_log_20260101',
    },
  ],
  'holds a different day than its name says': [
    {
      what: 'a day is attached with the bounds of the next',
      sql: () => `select add_partition_day('2026-01-01');
                  alter table task_log detach partition task_log_20260101;
                  alter table task_log attach partition task_log_20260101
                  for values from (first_id_at('2026-01-02Z')) to (first_id_at('2026-01-03Z'))`,
      of: 'table task_log_20260101',
      detail: /./,
    },
  ],
  'lacks the partition of a day that other tables have': [
    {
      what: 'a day has no partition of one table',
      sql: () => `select add_partition_day('2026-01-01'); drop table task_event_20260101`,
      of: 'table task_event',
      detail: '20260101',
    },
  ],
}

class Undone extends Error {}

/** Runs the SQL, returns what `look` finds, and rolls everything back, tables included. */
async function afterPlanting(db: Database, sql: string, look: (db: Queryable) => Promise<string[]>): Promise<string[]> {
  let found: string[] = []
  const planting = db.transaction(async (tx) => {
    await tx.script(sql)
    found = await look(tx)
    throw new Undone()
  })
  await expect(planting).rejects.toBeInstanceOf(Undone)
  return found
}

describe('a violation is found', () => {
  const given = useStorage(engine, { checksInvariants: false })

  for (const [sentence, violations] of Object.entries(PLANTED)) {
    test.each(violations)(`when $what`, async ({ sql, of, detail }) => {
      const id = newTaskId()
      const found = await afterPlanting(given.db, sql(id), checkInvariants)
      const said = `${of ?? `task ${id}`} ${sentence}`
      expect(found).toEqual([
        detail === undefined
          ? said
          : typeof detail === 'string'
            ? `${said} (${detail})`
            : expect.stringContaining(`${said} (`),
      ])
    })
  }

  test('each invariant is broken on purpose above', () => {
    expect(Object.keys(PLANTED).sort()).toEqual(INVARIANTS.map(({ sentence }) => sentence).sort())
  })

  test('of tasks before the given moment nothing is asked', async () => {
    const createdSince = new Date(Date.now() + 60_000)
    const sql = `${queued(newTaskId())} ${succeeded(newTaskId())} update task set queued_at = null; update finished_task set max_attempts = 0`
    expect(await afterPlanting(given.db, sql, (db) => checkInvariants(db, { createdSince }))).toEqual([])
    expect(await afterPlanting(given.db, sql, checkInvariants)).toHaveLength(2)
  })
})
