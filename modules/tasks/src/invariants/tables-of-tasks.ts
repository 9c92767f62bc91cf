import { ATTEMPT_ENDS, type AttemptEnd, finishesTask } from '../domain/attempt-ends.ts'

/**
 * Invariants by name. The name completes a sentence about the subject that violates the invariant; the query returns the
 * violations as rows (id, detail).
 */
export type Queries = Readonly<Record<string, string>>

/**
 * The tolerance of comparisons in time. A stored moment is the start of its transaction, and a transaction that waited, for
 * a lock or for its turn, sees changes that are newer than its own start.
 */
export const SLACK = `interval '2 s'`

const ENDS: readonly AttemptEnd[] = Object.values(ATTEMPT_ENDS)
const FINISHING = ENDS.filter(finishesTask)
const REQUEUEING = ENDS.filter((end) => !finishesTask(end))

const valuesOf = (ends: readonly AttemptEnd[], column: 'outcome' | 'reason'): string[] =>
  ends.map((end) => end[column]).filter((value) => value !== null)

const sqlList = (values: readonly string[]): string => `('${[...new Set(values)].join(`', '`)}')`

/** The values that a column has only if the attempt finished its task. */
function onlyFinishing(column: 'outcome' | 'reason'): string {
  const others = valuesOf(REQUEUEING, column)
  return sqlList(valuesOf(FINISHING, column).filter((value) => !others.includes(value)))
}

const usesAttempt = ({ attempts }: AttemptEnd): boolean => attempts === 1
const isCrash = ({ crashes }: AttemptEnd): boolean => crashes === 1

/** The outcomes of requeued attempts that count. */
const USED_OUTCOMES = sqlList(valuesOf(REQUEUEING.filter(usesAttempt), 'outcome'))

/** The outcomes of attempts that ended in a crash. */
const CRASH_OUTCOMES = sqlList(valuesOf(ENDS.filter(isCrash), 'outcome'))

/** The reasons of finished tasks whose last attempt ended in a crash. */
export const CRASH_REASONS = sqlList(valuesOf(FINISHING.filter(isCrash), 'reason'))

/** Whether a record is certainly that of an attempt that finished its task. */
export const FINISHED_THE_TASK = `(outcome in ${onlyFinishing('outcome')} or reason in ${onlyFinishing('reason')})`

/** Returns a field as text. Does not use ->>, which rejects a JSON value that contains \\u0000 anywhere. */
function fieldOf(column: string, field: string): string {
  return `btrim((${column} -> '${field}')::text, '"')`
}

/** The common tables of the queries, so that each table is read once. `$1` is the oldest id to check. */
export const TABLES_OF_TASKS = `
    known as materialized (
      select id, project, state, false as is_finished, attempt, max_attempts, crash_count, created_at, queued_at, run_at, started_at,
             null::timestamptz as finished_at, null::timestamptz as keep_until, worker_id, lease_id, cancel_requested_at,
             false as has_result, error is not null as has_error, ${fieldOf('error', 'reason')} as reason, ${fieldOf('error', 'name')} as failure,
             linked, waiting_gate, rank >= '2900-01-01Z' as is_set_aside
      from task where id >= $1
      union all
      select id, project, state, true, attempt, max_attempts, crash_count, created_at, queued_at, run_at, started_at,
             finished_at, keep_until, worker_id, lease_id, cancel_requested_at,
             result is not null, error is not null, ${fieldOf('error', 'reason')}, ${fieldOf('error', 'name')},
             linked, null, false
      from finished_task where id >= $1
    ), record as materialized (
      select task_id, lease_id, attempt, worker_id, started_at, ended_at, outcome, outcome in ${USED_OUTCOMES} as is_used,
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
             count(*) filter (where outcome in ${CRASH_OUTCOMES} and is_certain) as certain_crashes,
             count(*) filter (where outcome in ${CRASH_OUTCOMES}) as possible_crashes
      from (
        select record.*, since is null or started_at > since + ${SLACK} as is_certain
        from record left join redriven using (task_id)
        where since is null or ended_at >= since - ${SLACK}
      ) as of_this_life
      group by task_id
    )`
