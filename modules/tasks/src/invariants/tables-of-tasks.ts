/** Maps each violation, as the end of a sentence about its subject, to the query that finds offenders (id, detail). */
export type Queries = Readonly<Record<string, string>>

/**
 * The tolerance for the order of times. A time is the start of a transaction; a transaction that waited, for a lock or a
 * connection, has an earlier time than the changes that it found.
 */
export const SLACK = `interval '2 s'`

/** Reads a field as text. The operator ->> would reject any JSON that contains \\u0000. */
function fieldOf(column: string, field: string): string {
  return `btrim((${column} -> '${field}')::text, '"')`
}

/** The common table expressions that the queries share, so that each table is read once. `$1` is the oldest id to check. */
export const TABLES_OF_TASKS = `
    known as materialized (
      select id, project, state, false as is_finished, attempt, max_attempts, crash_count, created_at, queued_at, run_at, started_at,
             null::timestamptz as finished_at, null::timestamptz as keep_until, worker_id, lease_id, cancel_requested_at,
             false as has_result, error is not null as has_error, ${fieldOf('error', 'reason')} as reason, ${fieldOf('error', 'name')} as failure
      from task where id >= $1
      union all
      select id, project, state, true, attempt, max_attempts, crash_count, created_at, queued_at, run_at, started_at,
             finished_at, keep_until, worker_id, lease_id, cancel_requested_at,
             result is not null, error is not null, ${fieldOf('error', 'reason')}, ${fieldOf('error', 'name')}
      from finished_task where id >= $1
    ), record as materialized (
      select task_id, lease_id, attempt, worker_id, started_at, ended_at, outcome, outcome in ('failed', 'timedOut') as is_used,
             ${fieldOf('error', 'reason')} as reason, ${fieldOf('error', 'name')} as failure
      from task_attempt where task_id >= $1
    ), event as materialized (
      select task_id, at, kind from task_event where task_id >= $1
    ), redriven as materialized (
      select task_id, count(*) as redrives, max(at) as since from event where kind = 'task.redriven' group by task_id
    ), used as materialized (
      select task_id,
             count(*) filter (where is_used and is_certain) as certain,
             count(*) filter (where is_used) as possible,
             count(*) filter (where outcome = 'rescued' and is_certain) as certain_crashes,
             count(*) filter (where outcome = 'rescued') as possible_crashes
      from (
        select record.*, since is null or started_at > since + ${SLACK} as is_certain
        from record left join redriven using (task_id)
        where since is null or ended_at >= since - ${SLACK}
      ) as of_this_life
      group by task_id
    )`
