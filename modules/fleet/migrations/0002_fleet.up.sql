-- One row for each incarnation of a worker. Its heartbeat keeps all its leases,
-- so keeping them costs by worker and not by task.
create table worker (
  id             uuid primary key,
  project        text not null,
  name           text not null,
  host           text not null,
  pid            integer not null,
  version        text not null,
  labels         jsonb not null,
  queues         text[] not null,
  types          text[] not null,
  slots          integer not null,
  -- active, draining, stopped (said goodbye) or lost (declared dead; its heartbeats are refused).
  state          text not null default 'active',
  loop_lag_ms    integer not null default 0,
  since_fetch_ms integer not null default 0,
  started_at     timestamptz not null,
  heartbeat_at   timestamptz not null,
  constraint worker_state_known check (state in ('active', 'draining', 'stopped', 'lost'))
  -- A heartbeat touches no indexed column, so its new version stays on the page.
) with (fillfactor = 50);

-- What workers said of the task types they know: defaults for submissions, and the payload's schema.
create table task_type (
  project      text not null,
  type         text not null,
  queue        text,
  priority     smallint,
  max_attempts integer,
  retry        json,
  timeouts     json,
  input_schema json,
  updated_at   timestamptz not null,
  primary key (project, type)
);

-- Unfinished tasks of each queue as last counted, so that no request counts.
create table queue_count (
  project         text not null,
  queue           text not null,
  depth           jsonb not null,
  oldest_queued_at timestamptz,
  counted_at      timestamptz not null,
  primary key (project, queue)
);

-- What workers settled, by minute; they bring it with their heartbeats.
create table queue_minute (
  project   text not null,
  queue     text not null,
  minute    timestamptz not null,
  succeeded bigint not null,
  failed    bigint not null,
  cancelled bigint not null,
  primary key (project, queue, minute)
);
