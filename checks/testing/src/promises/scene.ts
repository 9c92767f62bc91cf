import type { Database } from '@taskflow/database'
import { statement } from '@taskflow/database'
import { firstIdAt } from '@taskflow/kernel'
import type { Witness, WitnessOf } from '../witness.ts'

export interface TaskAtRest {
  id: string
  state: string
  lease_id: string | null
  result: string | null
  /** Why it failed, where it did. */
  reason: string | null
  project: string
  redrives: number
  labels: Readonly<Record<string, string>> | null
}

export interface AttemptAtRest {
  task_id: string
  lease_id: string
  outcome: string
}

interface KeyAtRest {
  project: string
  key: string
  task_ids: string[]
}

/** The outcome of a run, and what witnesses saw of it. */
export interface Scene {
  readonly tasks: ReadonlyMap<string, TaskAtRest>
  /** Keyed by task. An attempt that runs, or that ended its task, is on the row of the task instead. */
  readonly attempts: ReadonlyMap<string, readonly AttemptAtRest[]>
  readonly keys: readonly KeyAtRest[]
  /** The last term of a leader; 0 if there was none. */
  readonly term: number
  /** In order of time. */
  readonly witnesses: readonly Witness[]
  seen<Kind extends Witness['kind']>(kind: Kind): WitnessOf<Kind>[]
  readonly isOver: boolean
}

/** Describes each breach of one promise in a sentence. */
export type Check = (scene: Scene) => readonly string[]

/** The times that two witnesses note for the same moment may be this far apart. */
export const TOLERANCE_MS = 250

export interface PromisesInput {
  readonly db: Database
  readonly witnesses: readonly Witness[]
  /** Whether everything accepted should have come to its end. */
  readonly isOver: boolean
  /** Looks at tasks since then alone: for a database with more history than there is time. */
  readonly createdSince?: Date
}

const tasksAtRest = statement<readonly [oldestId: string], TaskAtRest>({
  name: 'testing_tasks_at_rest',
  columns: ['id', 'project', 'state', 'lease_id', 'result', 'reason', 'redrives', 'labels'],
  text: `
    with redriven as materialized (
      select task_id, count(*)::integer as redrives
      from task_event
      where task_id >= $1 and kind = 'task.redriven'
      group by task_id
    )
    select id, project, state, lease_id, result, btrim((error -> 'reason')::text, '"') as reason, coalesce(redrives, 0) as redrives, labels
    from (
      select id, project, state, lease_id, null as result, error, labels from task where id >= $1
      union all
      select id, project, state, lease_id, result::text, error, labels from finished_task where id >= $1
    ) as known
    left join redriven on task_id = id`,
})

const attemptsAtRest = statement<readonly [oldestId: string], AttemptAtRest>({
  name: 'testing_attempts_at_rest',
  columns: ['task_id', 'lease_id', 'outcome'],
  text: `select task_id, lease_id, outcome from task_attempt where task_id >= $1`,
})

const keysAtRest = statement<readonly [], KeyAtRest>({
  name: 'testing_keys_at_rest',
  columns: ['project', 'key', 'task_ids'],
  text: 'select project, key, task_ids from idempotency_key',
})

const lastTerm = statement<readonly [], { term: number }>({
  name: 'testing_last_term',
  columns: ['term'],
  text: `select coalesce(max(term), 0)::integer as term from leader`,
})

const OLDEST_ID = '00000000-0000-0000-0000-000000000000'

export async function sceneOf(input: PromisesInput): Promise<Scene> {
  const { db, isOver, createdSince } = input
  const oldestId = createdSince ? firstIdAt(createdSince) : OLDEST_ID
  const tasks = await db.run(tasksAtRest, [oldestId])
  const attempts = await db.run(attemptsAtRest, [oldestId])
  const keys = await db.run(keysAtRest, [])
  const [leader] = await db.run(lastTerm, [])
  const witnesses = input.witnesses.toSorted((a, b) => a.atMs - b.atMs)
  return {
    tasks: new Map(tasks.map((task) => [task.id, task])),
    attempts: Map.groupBy(attempts, ({ task_id }) => task_id),
    keys,
    term: leader?.term ?? 0,
    witnesses,
    seen: <Kind extends Witness['kind']>(kind: Kind) =>
      witnesses.filter((each): each is WitnessOf<Kind> => each.kind === kind),
    isOver,
  }
}
