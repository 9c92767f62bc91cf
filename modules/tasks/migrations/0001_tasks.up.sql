-- The clock of everything that is stored. Processes may have wrong clocks; the
-- database has one. A simulation replaces this function to move time.
create function clock_now() returns timestamptz
language sql stable as 'select now()';

-- The first id of a moment: bounds of time in an order of UUIDv7 ids.
create function first_id_at(moment timestamptz) returns uuid
language sql immutable as $$
  select (lpad(to_hex((extract(epoch from moment) * 1000)::bigint), 12, '0') || '00000000000000000000')::uuid
$$;

-- Unfinished tasks, and nothing else: small whatever the history, so that a
-- claim costs the same after ten million tasks as after ten.
create table task (
  id                  uuid primary key,
  project             text not null,
  type                text not null,
  queue               text not null,
  state               text not null,
  -- 0 critical, 1 high, 2 normal, 3 low.
  priority            smallint not null,
  -- The moment the task counts as waiting since; claims take the smallest.
  rank                timestamptz not null,
  run_at              timestamptz,
  payload             json not null,
  attempt             integer not null default 0,
  max_attempts        integer not null,
  crash_count         integer not null default 0,
  -- { baseMs, factor, maxMs, jitter } and { scheduleToStartMs, … }: read by the worker alone.
  retry               json,
  timeouts            json,
  -- Ends of schedule-to-start (gone once started) and schedule-to-close.
  start_by            timestamptz,
  close_by            timestamptz,
  retention_ms        bigint,
  labels              jsonb,
  title               text,
  description         text,
  created_at          timestamptz not null,
  created_by          text not null,
  queued_at           timestamptz,
  started_at          timestamptz,
  worker_id           uuid,
  lease_id            uuid,
  cancel_requested_at timestamptz,
  -- Of the last attempt that failed.
  error               json,

  constraint task_state_known check (
    state in ('blocked', 'scheduled', 'queued', 'running', 'waiting', 'retrying')
  ),
  constraint task_priority_known check (priority between 0 and 3),
  -- Whoever runs a task holds its lease, and nobody holds one of a task that does not run.
  constraint task_leased_iff_running check (
    (state = 'running') = (lease_id is not null) and (state = 'running') = (worker_id is not null)
  ),
  constraint task_due_when_scheduled check (state not in ('scheduled', 'retrying') or run_at is not null),
  constraint task_attempt_counted check (attempt between 0 and max_attempts and crash_count >= 0)
) with (
  -- Every row is updated once and deleted once: leave room for the claim's version
  -- beside its insert, and clean up after thousands of rows, not after a share of them.
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0.01,
  autovacuum_vacuum_threshold = 5000,
  autovacuum_analyze_scale_factor = 0.05,
  autovacuum_analyze_threshold = 5000
);

-- Serves claim_tasks: one ordered walk for each queue and type that a worker takes.
create index task_claimable on task (project, queue, type, rank) where state = 'queued';
-- Serves promote_tasks and next_due.
create index task_due on task (run_at) where state in ('scheduled', 'retrying');
-- Serves list_orphaned_leases, heartbeat_worker and list_workers.
create index task_held on task (worker_id) where state = 'running';
-- Serve expire_tasks; empty unless such timeouts are used.
create index task_start_by on task (start_by) where start_by is not null;
create index task_close_by on task (close_by) where close_by is not null;

-- Finished tasks, by day of creation (ids are UUIDv7): an id names its partition,
-- lists by age read one partition after the other, and retention drops whole days.
create table finished_task (
  id                  uuid not null,
  project             text not null,
  type                text not null,
  queue               text not null,
  state               text not null,
  priority            smallint not null,
  run_at              timestamptz,
  payload             json not null,
  attempt             integer not null,
  max_attempts        integer not null,
  crash_count         integer not null,
  retry               json,
  timeouts            json,
  retention_ms        bigint,
  labels              jsonb,
  title               text,
  description         text,
  created_at          timestamptz not null,
  created_by          text not null,
  queued_at           timestamptz,
  started_at          timestamptz,
  finished_at         timestamptz not null,
  worker_id           uuid,
  lease_id            uuid,
  cancel_requested_at timestamptz,
  result              json,
  error               json,
  -- Unreadable from then on; the row goes with its partition.
  keep_until          timestamptz not null,

  primary key (id),
  constraint finished_task_state_known check (state in ('succeeded', 'failed', 'cancelled')),
  constraint finished_task_succeeded_with_result check ((state = 'succeeded') = (result is not null)),
  constraint finished_task_failed_with_error check (state <> 'failed' or error is not null)
) partition by range (id);

-- Serves list_unsuccessful_tasks, the dead-letter queue; the happy path never writes to it.
create index finished_task_unsuccessful on finished_task (id) where state <> 'succeeded';
-- Serves the label filter of lists; only labelled tasks are in it.
create index finished_task_labels on finished_task using gin (labels jsonb_path_ops) where labels is not null;

-- Attempts that did not end their task. The one that runs, or that ended it, is on the task's own row.
create table task_attempt (
  task_id    uuid not null,
  lease_id   uuid not null,
  project    text not null,
  attempt    integer not null,
  worker_id  uuid not null,
  started_at timestamptz not null,
  ended_at   timestamptz not null,
  outcome    text not null,
  error      json,
  primary key (task_id, lease_id),
  constraint task_attempt_outcome_known check (
    outcome in ('succeeded', 'failed', 'timedOut', 'cancelled', 'snoozed', 'released', 'rescued')
  )
) partition by range (task_id);

-- What happened to a task out of the ordinary and by whom; the ordinary is read off its row.
create table task_event (
  task_id uuid not null,
  id      uuid not null default gen_random_uuid(),
  project text not null,
  at      timestamptz not null,
  kind    text not null,
  actor   text,
  detail  json not null,
  primary key (task_id, at, id)
) partition by range (task_id);

create table task_log (
  task_id uuid not null,
  -- UUIDv7 of the worker: the order of the lines.
  id      uuid not null,
  project text not null,
  attempt integer not null,
  at      timestamptz not null,
  level   text not null,
  message text not null,
  fields  json,
  primary key (task_id, id)
) partition by range (task_id);

-- Safety nets for days without a partition, and the home of rows that outlive their day's.
create table finished_task_default partition of finished_task default;
create table task_attempt_default partition of task_attempt default;
create table task_event_default partition of task_event default;
create table task_log_default partition of task_log default;

-- A task wherever it lives. Columns of one half that the other lacks are null.
create view any_task as
  select id, project, type, queue, state, priority, run_at, payload, attempt, max_attempts, crash_count,
         retry, timeouts, retention_ms, labels, title, description, created_at, created_by,
         queued_at, started_at, null::timestamptz as finished_at, worker_id, lease_id, cancel_requested_at,
         null::json as result, error, xmin::text as version
  from task
  union all
  select id, project, type, queue, state, priority, run_at, payload, attempt, max_attempts, crash_count,
         retry, timeouts, retention_ms, labels, title, description, created_at, created_by,
         queued_at, started_at, finished_at, worker_id, lease_id, cancel_requested_at,
         result, error, xmin::text as version
  from finished_task
  where keep_until > clock_now();
