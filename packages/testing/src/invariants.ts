/**
 * What must be true of a database at any moment between two statements, whatever was
 * done to it and whoever was killed meanwhile. Runs after every test of every kind.
 *
 * Each invariant is a query for what breaks it. Some of it the schema forbids as well:
 * asked here all the same, for a database whose constraints were lost or are new.
 */
import { type Database, firstIdAt, type Queryable, type Statement } from '@taskflow/core'
import { statement } from '@taskflow/storage'
import type { Queries } from './invariants/invariant.ts'
import { SLACK } from './invariants/invariant.ts'
import { OF_ATTEMPTS } from './invariants/of-attempts.ts'
import { OF_EVENTS } from './invariants/of-events.ts'
import { OF_KEYS } from './invariants/of-keys.ts'
import { OF_LEADERS } from './invariants/of-leaders.ts'
import { OF_TABLES } from './invariants/of-tables.ts'
import { OF_TASKS } from './invariants/of-tasks.ts'

interface Invariant {
  readonly subject: string
  /** What is said of the subject that breaks it. */
  readonly sentence: string
  readonly query: string
}

const ofEach = (subject: string, queries: Queries): Invariant[] =>
  Object.entries(queries).map(([sentence, query]) => ({ subject, sentence, query }))

export const INVARIANTS: readonly Invariant[] = [
  ...ofEach('task', OF_TASKS),
  ...ofEach('task', OF_ATTEMPTS),
  ...ofEach('task', OF_EVENTS),
  ...ofEach('idempotency key', OF_KEYS),
  ...ofEach('leader', OF_LEADERS),
  ...ofEach('table', OF_TABLES),
]

interface Offender {
  /** Of the invariant. */
  number: number
  id: string
  detail: string | null
}

/** All in one statement, for it is asked after runs that take no longer themselves; each table is read once, whoever asks. */
const findOffenders = statement<readonly [oldestId: string], Offender>({
  name: 'testing_invariants',
  columns: ['number', 'id', 'detail'],
  text: `
    with known as materialized (
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
    )
    ${INVARIANTS.map(({ query }, number) => `select ${number} as number, id::text as id, detail::text as detail from (${query}) as found_${number}`).join('\n union all ')}`,
})

/** As text. Not by ->>, which refuses the whole of a JSON that has a \\u0000 anywhere. */
function fieldOf(column: string, field: string): string {
  return `btrim((${column} -> '${field}')::text, '"')`
}

interface Bounds {
  /**
   * Asks of tasks since then alone. For a database with much history: of a hundred thousand tasks all is told within a second, of a
   * million hardly within the ten that a statement may take.
   */
  readonly createdSince?: Date
}

const OLDEST_ID = '00000000-0000-0000-0000-000000000000'

/** Resolves with one sentence for each violation; with none when all is well. */
export async function checkInvariants(db: Database | Queryable, { createdSince }: Bounds = {}): Promise<string[]> {
  const oldestId = createdSince ? firstIdAt(createdSince) : OLDEST_ID
  const offenders =
    'engine' in db && db.engine === 'pglite' && !createdSince
      ? await db.run(await preparedIn(db), [])
      : await db.run(findOffenders, [oldestId])
  return offenders.map(({ number, id, detail }) => {
    const { subject = '', sentence = '' } = INVARIANTS[number] ?? {}
    return `${subject} ${id} ${sentence}${detail === null ? '' : ` (${detail})`}`
  })
}

type Prepared = Statement<readonly [], Offender>

const prepared = new WeakMap<Database, Promise<Prepared>>()
let count = 0

/** PGlite plans what it is given anew each time, which takes five times as long as running this. */
function preparedIn(db: Database): Promise<Prepared> {
  const known = prepared.get(db) ?? prepare(db)
  prepared.set(db, known)
  return known
}

async function prepare(db: Database): Promise<Prepared> {
  const name = `${findOffenders.name}_${++count}`
  const text = findOffenders.text.replaceAll('$1', `'${OLDEST_ID}'::uuid`)
  await db.transaction((tx) => tx.script(`prepare ${name} as ${text}`))
  return statement({ name, columns: findOffenders.columns, text: `execute ${name}` })
}
