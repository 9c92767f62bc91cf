import {
  claimBy,
  emptyDatabase,
  engines,
  type GivenStorage,
  moveTime,
  PROJECT,
  strangeLeaseId,
  useStorage,
} from '@taskflow/testing'
import { settle, startWorker, taskInState, VERDICTS } from '@taskflow/testing/task-in-state'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { NewTask } from '../domain/task.ts'
import { canTransition, TASK_STATES, type TaskState, type TaskVerb, TRANSITIONS } from '../domain/task-state.ts'

const HOUR = 3_600_000
const BY = { project: PROJECT, actor: 'key:test' }

type Subject = Awaited<ReturnType<typeof taskInState>>

/** Applies a verb as its caller would; resolves with whether the storage took it. */
type Apply = (given: GivenStorage, subject: Subject) => Promise<boolean>

const settling =
  (verb: keyof typeof VERDICTS): Apply =>
  async ({ storage }, { task, lease }) => {
    const presented = lease ?? { taskId: task.id, leaseId: strangeLeaseId() }
    const before = await storage.getTask(PROJECT, task.id)
    const result = await settle(storage, presented, VERDICTS[verb])
    // A settlement that repeats the end of a task is not stale, but writes nothing.
    return result !== 'stale' && (await storage.getTask(PROJECT, task.id)).version !== before.version
  }

const claiming =
  (isById = false): Apply =>
  async ({ storage }, { task }) => {
    const worker = await startWorker(storage, { types: [task.type] })
    return (await storage.claimTasks(claimBy(worker, isById ? { ids: [task.id] } : {}))).length === 1
  }

const APPLY: Record<TaskVerb, Apply> = {
  async promote({ storage, db }) {
    await moveTime(db, 2 * HOUR)
    return (await storage.promoteTasks(10)).promoted === 1
  },
  claim: claiming(),
  complete: settling('complete'),
  fail: settling('fail'),
  retry: settling('retry'),
  snooze: settling('snooze'),
  release: settling('release'),
  rescue: settling('rescue'),
  async expire({ storage, db }) {
    await moveTime(db, 2 * HOUR)
    return (await storage.expireTasks(10)) === 1
  },
  // A running task is asked, and its worker obeys.
  async cancel({ storage }, { task, lease }) {
    if (!(await accepted(storage.cancelTask(task.id, BY, null)))) return false
    if (await isCancelled(storage, task)) return true
    return lease !== undefined && (await settle(storage, lease, VERDICTS.cancel)) === 'settled'
  },
  redrive: ({ storage }, { task }) => accepted(storage.redriveTask(task.id, BY, null)),
}

const WAYS: readonly { readonly verb: TaskVerb; readonly name: string; readonly apply: Apply }[] = [
  ...(Object.keys(TRANSITIONS) as TaskVerb[]).map((verb) => ({ verb, name: verb, apply: APPLY[verb] })),
  { verb: 'claim', name: 'claim by id', apply: claiming(true) },
]

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    beforeEach(() => emptyDatabase(given.db))
    afterEach(() => moveTime(given.db, 0))

    for (const { verb, name, apply } of WAYS) {
      for (const state of TASK_STATES) {
        const isAllowed = canTransition(verb, state)
        const target = isAllowed ? TRANSITIONS[verb].to : state
        test(`${name} ${isAllowed ? `moves a ${state} task to ${target}` : `leaves a ${state} task alone`}`, async () => {
          const subject = await taskInState(given, state, { timeouts: { scheduleToCloseMs: HOUR / 2 } })
          const before = await given.storage.getTask(PROJECT, subject.task.id)
          expect(before.state).toBe(state)

          expect(await apply(given, subject)).toBe(isAllowed)
          const after = await given.storage.getTask(PROJECT, subject.task.id)
          expect(after.state).toBe<TaskState>(target)
          if (!isAllowed) expect(after).toEqual(before)
        })
      }
    }
  })
}

function accepted(verb: Promise<unknown>): Promise<boolean> {
  return verb.then(
    () => true,
    (error: { code: string }) => {
      expect(error.code).toBe('TASK_STATE_CONFLICT')
      return false
    },
  )
}

const isCancelled = async ({ getTask }: GivenStorage['storage'], { id }: NewTask): Promise<boolean> =>
  (await getTask(PROJECT, id)).state === 'cancelled'
