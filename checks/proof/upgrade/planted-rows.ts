import type { Database } from '@taskflow/database'
import { rowsOf, script } from '@taskflow/testing/raw-sql'
import { tablesOf } from '@taskflow/testing/tables'

// A random id among the ids of a moment.
const idAt = (moment: string): string =>
  `overlay(gen_random_uuid()::text placing left(first_id_at(${moment})::text, 14) from 1)::uuid`

/** Times of each kind of row: those of today, and those of a day that has no partition. */
const MOMENTS = `(values (now()), (now() - interval '20 days')) as moments (moment)`

/**
 * Rows of every kind, by their table, in the columns that it was made with: what later migrations add must do without. They are as
 * statements leave them, so that a migration that rewrites some meets them all.
 */
const ROWS: Readonly<Record<string, (copies: number) => string>> = {
  task: (copies) => `
    insert into task (
      id, project, type, queue, state, priority, rank, run_at, payload, attempt, max_attempts, crash_count, retry, timeouts,
      start_by, close_by, retention_ms, labels, title, description, created_at, created_by, queued_at, started_at,
      worker_id, lease_id, cancel_requested_at, error)
    select ${idAt('moment')}, 'default', 'planted', 'default', state, number % 4, moment, moment + interval '1 hour',
           json_build_object('number', number), 1, 5, number % 2, '{"baseMs":100,"factor":2}', '{"startToCloseMs":60000}',
           case when state = 'queued' then moment + interval '1 year' end, moment + interval '1 year', 86400000,
           '{"customer":"acme"}', 'A title', 'What it is', moment, 'key:planted', moment, moment,
           case when state = 'running' then gen_random_uuid() end, case when state = 'running' then gen_random_uuid() end,
           case when state = 'running' and number % 2 = 0 then moment end, '{"name":"Error","message":"it broke"}'
    from unnest('{blocked,scheduled,queued,running,waiting,retrying}'::text[]) as state, ${MOMENTS},
         generate_series(1, ${copies}) as number`,
  finished_task: (copies) => `
    insert into finished_task (
      id, project, type, queue, state, priority, run_at, payload, attempt, max_attempts, crash_count, retry, timeouts,
      retention_ms, labels, title, description, created_at, created_by, queued_at, started_at, finished_at,
      worker_id, lease_id, cancel_requested_at, result, error, keep_until)
    select ${idAt('moment')}, 'default', 'planted', 'default', state, number % 4, moment, json_build_object('number', number), 1, 5, 0,
           '{"baseMs":100}', '{"startToCloseMs":60000}', 86400000, '{"customer":"acme"}', 'A title', 'What it is', moment,
           'key:planted', moment, moment, moment, gen_random_uuid(), gen_random_uuid(),
           case when state = 'cancelled' then moment end, case when state = 'succeeded' then json_build_object('number', number) end,
           case when state <> 'succeeded' then '{"name":"Error","message":"it broke"}'::json end, now() + interval '30 days'
    from unnest('{succeeded,failed,cancelled}'::text[]) as state, ${MOMENTS}, generate_series(1, ${copies}) as number`,
  task_attempt: (copies) => `
    insert into task_attempt (task_id, lease_id, project, attempt, worker_id, started_at, ended_at, outcome, error)
    select ${idAt('moment')}, gen_random_uuid(), 'default', number, gen_random_uuid(), moment, moment, outcome, '{"message":"it broke"}'
    from unnest('{succeeded,failed,timedOut,cancelled,snoozed,released,rescued}'::text[]) as outcome, ${MOMENTS},
         generate_series(1, ${copies}) as number`,
  task_event: (copies) => `
    insert into task_event (task_id, project, at, kind, actor, detail)
    select ${idAt('moment')}, 'default', moment, kind, 'key:planted', '{"reason":"planted"}'
    from unnest('{task.edited,task.redriven,task.cancelRequested}'::text[]) as kind, ${MOMENTS},
         generate_series(1, ${copies}) as number`,
  task_log: (copies) => `
    insert into task_log (task_id, id, project, attempt, at, level, message, fields)
    select ${idAt('moment')}, gen_random_uuid(), 'default', 1, moment, level, 'a line', '{"number":1}'
    from unnest('{debug,info,warn,error}'::text[]) as level, ${MOMENTS}, generate_series(1, ${copies}) as number`,
  worker: () => `
    insert into worker (id, project, name, host, pid, version, labels, queues, types, slots, state, started_at, heartbeat_at)
    select gen_random_uuid(), 'default', 'planted', 'localhost', 1, '0.0.1', '{"zone":"eu"}', '{default}', '{planted}', 10, state,
           now(), now()
    from unnest('{active,draining,stopped,lost}'::text[]) as state`,
  task_type: () => `
    insert into task_type (project, type, queue, priority, max_attempts, retry, timeouts, input_schema, updated_at)
    values ('default', 'planted', 'default', 2, 5, '{"baseMs":100}', '{"startToCloseMs":60000}', '{"type":"object"}', now())`,
  queue_count: () => `
    insert into queue_count (project, queue, depth, oldest_queued_at, counted_at)
    values ('default', 'default', '{"queued":1}', now(), now())`,
  queue_minute: () => `
    insert into queue_minute (project, queue, minute, succeeded, failed, cancelled)
    values ('default', 'default', date_trunc('minute', now()), 1, 2, 3)`,
  api_key: () => `
    insert into api_key (id, project, name, role, hash, created_at, expires_at, revoked_at, last_used_at)
    select gen_random_uuid(), 'default', 'planted', role, 'hash of ' || role, now(), now(), now(), now()
    from unnest('{viewer,submitter,operator,admin}'::text[]) as role`,
  idempotency_key: (copies) => `
    insert into idempotency_key (project, key, request_hash, task_ids, created_at)
    select 'default', 'key-' || number, 'hash', array[gen_random_uuid()], now() from generate_series(1, ${copies}) as number`,
  leader: () => `
    insert into leader (name, holder, term, elected_at, expires_at)
    values ('coordinator', gen_random_uuid(), 7, now(), now() + interval '1 minute')`,
  gate: () => `insert into gate (project, name, closed_at) values ('default', 'planted', now())`,
  task_notice: (copies) => `
    insert into task_notice (consumer, project, task_id, number, kind, data, at)
    select 'planted', 'default', ${idAt('moment')}, number, kind, '{"planted":true}', moment
    from unnest('{task.succeeded,task.failed,task.cancelled}'::text[]) as kind, ${MOMENTS},
         generate_series(1, ${copies}) as number`,
  // Made with the partitions.
  partition_day: () => 'select',
}

/** Fills every table of a schema, whichever its version. */
export async function plantRows(db: Database, copies: number): Promise<void> {
  const tables = await tablesOf(db)
  const unknown = tables.filter((table) => !(table in ROWS))
  if (unknown.length > 0) throw new Error(`Say in planted-rows.ts what rows ${unknown.join(', ')} has`)
  if (await hasPartitions(db)) await script(db, 'select add_partition_day(current_date)')
  // As many as one likes, for as long as it takes.
  await script(db, ['set local statement_timeout = 0', ...tables.map((table) => ROWS[table]?.(copies))].join(';\n'))
}

const hasPartitions = async (db: Database): Promise<boolean> =>
  (
    await rowsOf(
      db,
      `select from pg_proc where proname = 'add_partition_day' and pronamespace = current_schema()::regnamespace`,
    )
  ).length > 0
