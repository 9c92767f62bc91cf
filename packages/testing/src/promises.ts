/**
 * The promises of `DESIGN.md` (P1 to P12), each as a check of what witnesses saw against what the database holds when all has come
 * to rest: no process runs any more, or none has anything left to do. `checkInvariants` asks what must be true at any moment; this
 * asks what must have come of it all. A promise whose feature does not exist yet joins with it.
 */
import { CRASH_LIMIT, type Database } from '@taskflow/core'
import { statement } from '@taskflow/storage'
import type { Witness, WitnessOf } from './witness.ts'

/** A broken promise, in a sentence. */
export interface Violation {
  readonly promise: string
  readonly sentence: string
}

interface TaskAtRest {
  id: string
  state: string
  attempt: number
  crash_count: number
  lease_id: string | null
  result: string | null
  is_asked_to_cancel: boolean
  redrives: number
  labels: Readonly<Record<string, string>> | null
}

interface AttemptAtRest {
  task_id: string
  lease_id: string
  attempt: number
  outcome: string
}

const tasksAtRest = statement<readonly [], TaskAtRest>({
  name: 'testing_tasks_at_rest',
  columns: ['id', 'state', 'attempt', 'crash_count', 'lease_id', 'result', 'is_asked_to_cancel', 'redrives', 'labels'],
  text: `
    select id, state, attempt, crash_count, lease_id, result::text as result, cancel_requested_at is not null as is_asked_to_cancel, labels,
           (select count(*)::integer from task_event where task_event.task_id = known.id and kind = 'task.redriven') as redrives
    from (
      select id, state, attempt, crash_count, lease_id, null::json as result, cancel_requested_at, labels from task
      union all
      select id, state, attempt, crash_count, lease_id, result, cancel_requested_at, labels from finished_task
    ) as known`,
})

const attemptsAtRest = statement<readonly [], AttemptAtRest>({
  name: 'testing_attempts_at_rest',
  columns: ['task_id', 'lease_id', 'attempt', 'outcome'],
  text: 'select task_id, lease_id, attempt, outcome from task_attempt',
})

interface Scene {
  readonly tasks: ReadonlyMap<string, TaskAtRest>
  /** By task. */
  readonly attempts: ReadonlyMap<string, readonly AttemptAtRest[]>
  /** Every lease that the database knows of. */
  readonly leases: ReadonlySet<string>
  readonly witnesses: readonly Witness[]
  /** Whether everything accepted should have come to its end. */
  readonly isOver: boolean
}

type Check = (scene: Scene) => readonly string[]

function seen<Kind extends Witness['kind']>({ witnesses }: Scene, kind: Kind): WitnessOf<Kind>[] {
  return witnesses.filter((each): each is WitnessOf<Kind> => each.kind === kind)
}

const isUnfinished = ({ state }: TaskAtRest): boolean => !['succeeded', 'failed', 'cancelled'].includes(state)

// Ten heartbeats that did not come: younger than this no worker may be declared dead.
const SILENT_AFTER_MS = 10_000
// What is seen of a moment, and what the database wrote down, may be this far apart.
const TOLERANCE_MS = 250

const CHECKS: Readonly<Record<string, Check>> = {
  P1: (scene) =>
    seen(scene, 'submitted').flatMap(({ taskIds }) =>
      taskIds.filter((id) => !scene.tasks.has(id)).map((id) => `task ${id} was accepted and is gone`),
    ),

  P2: (scene) =>
    scene.isOver
      ? [...scene.tasks.values()]
          .filter(isUnfinished)
          .map(({ id, state }) => `task ${id} never came to its end: it is ${state}`)
      : [],

  P3: (scene) => [...resultsOfOthers(scene), ...startsTwice(scene), ...startsUnrecorded(scene)],

  P4: (scene) => {
    const lastBeat = new Map<string, number>()
    const violations: string[] = []
    for (const each of scene.witnesses) {
      if (each.kind === 'heartbeat') {
        if (lastBeat.get(each.workerId) === Number.POSITIVE_INFINITY)
          violations.push(`worker ${each.workerId} beats though it was declared dead`)
        lastBeat.set(each.workerId, Math.max(each.atMs, lastBeat.get(each.workerId) ?? 0))
      }
      if (each.kind !== 'buried') continue
      const silentMs = each.atMs - (lastBeat.get(each.workerId) ?? Number.NEGATIVE_INFINITY)
      if (silentMs < SILENT_AFTER_MS - TOLERANCE_MS)
        violations.push(`worker ${each.workerId} was declared dead ${Math.round(silentMs)} ms after a heartbeat`)
      lastBeat.set(each.workerId, Number.POSITIVE_INFINITY)
    }
    return violations
  },

  P5: (scene) => {
    const violations: string[] = []
    const keyed = seen(scene, 'submitted').filter(({ key }) => key !== undefined)
    for (const [key, replies] of Map.groupBy(keyed, ({ key = '' }) => key)) {
      const answers = new Set(replies.map(({ taskIds }) => taskIds.join(' ')))
      if (answers.size > 1)
        violations.push(`key ${key} gave ${answers.size} different answers: ${[...answers].join(' | ')}`)
      const size = replies[0]?.taskIds.length ?? 0
      const stored = [...scene.tasks.values()].filter(({ labels }) => labels?.['idempotency-key'] === key)
      if (stored.length > size) violations.push(`key ${key} stored ${stored.length} tasks where it named ${size}`)
    }
    return violations
  },

  P7: (scene) => {
    const violations: string[] = []
    const claims = Map.groupBy(seen(scene, 'claimed'), ({ taskId }) => taskId)
    for (const { taskId, atMs, state } of seen(scene, 'cancelled')) {
      const task = scene.tasks.get(taskId)
      // Whoever redrives a task takes its cancellation back.
      if (task && task.redrives > 0) continue
      if (state === 'cancelled' && task && task.state !== 'cancelled')
        violations.push(`task ${taskId} was cancelled, and is ${task.state}`)
      for (const claim of claims.get(taskId) ?? [])
        if (claim.atMs > atMs) violations.push(`task ${taskId} was claimed after it was cancelled`)
    }
    return violations
  },

  P11: (scene) => [
    ...[...scene.tasks.values()]
      .filter(({ crash_count }) => crash_count > CRASH_LIMIT)
      .map(({ id, crash_count }) => `task ${id} survived ${crash_count} crashes`),
    ...crashesOf(scene)
      .filter(({ taskId, crashes }) => crashes > CRASH_LIMIT * (1 + (scene.tasks.get(taskId)?.redrives ?? 0)))
      .map(({ taskId, crashes }) => `task ${taskId} took ${crashes} processes with it`),
  ],

  P12: (scene) =>
    [...scene.tasks.values()].flatMap((task) => {
      // A redrive counts anew, from a moment that the numbers alone do not tell.
      if (task.redrives > 0) return []
      const used = (scene.attempts.get(task.id) ?? []).filter(
        ({ outcome }) => outcome === 'failed' || outcome === 'timedOut',
      )
      const own = task.lease_id === null ? 0 : 1
      const expected = used.length + own
      return task.attempt === expected
        ? []
        : [`task ${task.id} used ${task.attempt} attempts where ${expected} ended by its own doing`]
    }),
}

/** Results that were accepted for a lease and came from another: handlers of a simulation and of chaos return their own lease. */
function resultsOfOthers({ tasks }: Scene): string[] {
  return [...tasks.values()]
    .filter(({ result, lease_id }) => {
      const told = result === null ? undefined : (JSON.parse(result) as { leaseId?: string } | null)?.leaseId
      return told !== undefined && told !== lease_id
    })
    .map(
      ({ id, lease_id, result }) =>
        `task ${id} succeeded under lease ${lease_id} with the result of another: ${result}`,
    )
}

function startsTwice(scene: Scene): string[] {
  return [...Map.groupBy(seen(scene, 'started'), ({ leaseId }) => leaseId)]
    .filter(([, starts]) => starts.length > 1)
    .map(([leaseId, starts]) => `lease ${leaseId} of task ${starts[0]?.taskId} started ${starts.length} times`)
}

/** An attempt that ran and of which the database knows nothing ran without a claim, or beside the one that is recorded. */
function startsUnrecorded(scene: Scene): string[] {
  return seen(scene, 'started')
    .filter(({ leaseId }) => !scene.leases.has(leaseId))
    .map(({ leaseId, taskId }) => `task ${taskId} ran under lease ${leaseId}, which nothing records`)
}

/** Of each task, how many processes died while it ran in them, by its own doing or not. */
function crashesOf(scene: Scene): { readonly taskId: string; readonly crashes: number }[] {
  return [...scene.attempts].map(([taskId, attempts]) => ({
    taskId,
    crashes: attempts.filter(({ outcome }) => outcome === 'rescued').length,
  }))
}

export interface PromisesInput {
  readonly db: Database
  readonly witnesses: readonly Witness[]
  /** Whether everything accepted should have come to its end. */
  readonly isOver: boolean
}

/** Resolves with the promises that were broken; with none when all were kept. */
export async function checkPromises({ db, witnesses, isOver }: PromisesInput): Promise<Violation[]> {
  const [tasks, attempts] = [await db.run(tasksAtRest, []), await db.run(attemptsAtRest, [])]
  const held = [...tasks.map(({ lease_id }) => lease_id), ...attempts.map(({ lease_id }) => lease_id)]
  const scene: Scene = {
    tasks: new Map(tasks.map((task) => [task.id, task])),
    attempts: Map.groupBy(attempts, ({ task_id }) => task_id),
    leases: new Set(held.filter((leaseId) => leaseId !== null)),
    witnesses,
    isOver,
  }
  return Object.entries(CHECKS).flatMap(([promise, check]) => check(scene).map((sentence) => ({ promise, sentence })))
}
