-- Stores the data of the ports of the room `tasks`: rarely used options of a task, the gate at which a task waits, and
-- the notices that the end of a linked task leaves. A plain task has null in each new column.
-- Suits processes from: 0007
-- Lock: ACCESS EXCLUSIVE on task until task_at_gate is built, which reads the table once and finds nothing to index (a
-- quarter of a second for a million tasks); no row is rewritten.

alter table task
  -- Rarely used options, by name (domain/task-options.ts).
  add column options jsonb,
  -- True where the end of the task leaves notices.
  add column linked boolean,
  -- The gate at which the task waits. Such a task is ranked a thousand years later (8766000 hours), behind the bound
  -- 2900-01-01Z at which every claim stops. Processes of 0007 know no bound: close no gate while one of them lives.
  add column waiting_gate text;

-- Serves readmit_tasks and find_open_gates; plain tasks are not in it.
create index task_at_gate on task (project, waiting_gate, rank) where waiting_gate is not null;

-- The gates that are closed: a gate without a row is open.
create table gate (
  project   text not null,
  name      text not null,
  closed_at timestamptz not null,
  primary key (project, name)
);

-- One row for each consumer of each end of a linked task, until that consumer has dealt with it.
create table task_notice (
  id       bigint generated always as identity primary key,
  consumer text not null,
  project  text not null,
  task_id  uuid not null,
  -- Place among the notices of the task, for consumers that number them.
  number   integer,
  kind     text not null,
  data     json,
  at       timestamptz not null
) with (
  -- Every row is deleted soon: clean up after thousands of rows, not after a share of them.
  autovacuum_vacuum_scale_factor = 0.01,
  autovacuum_vacuum_threshold = 5000,
  autovacuum_analyze_scale_factor = 0.05,
  autovacuum_analyze_threshold = 5000
);

-- Leaves a notice for each consumer of the end of each of these linked tasks, and returns their number. The last three
-- parameters are those of finish_tasks: of each settlement its task, its lease and its state, null for succeeded.
create function leave_notices(
  consumers text[], leases uuid[], projects text[], task_ids uuid[], settled_leases uuid[], states text[]
) returns integer
language plpgsql as $$
declare
  left_behind integer;
begin
  insert into task_notice (consumer, project, task_id, kind, at)
  select consumer, project, task_id, 'task.' || coalesce(state, 'succeeded'), clock_now()
  from unnest(leases, projects) as ended (lease_id, project)
  join unnest(task_ids, settled_leases, states) as settlement (task_id, lease_id, state) using (lease_id)
  cross join unnest(consumers) as consumer;
  get diagnostics left_behind = row_count;
  return left_behind;
end
$$;

-- Serves lock_notices: each consumer reads its own, oldest first.
create index task_notice_unread on task_notice (consumer, id);
