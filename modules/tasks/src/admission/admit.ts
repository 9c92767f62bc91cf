import type { Principal } from '@taskflow/http/access'
import type { Ids } from '@taskflow/kernel'
import { asSent, checker, closed, within } from '@taskflow/validation'
import { Type } from 'typebox'
import { completeTask } from '../domain/complete-task.ts'
import type { NewTask } from '../domain/task.ts'
import type { KnownType } from './known-type.ts'
import { newTask } from './new-task.ts'
import { checkTask, type ReadTask, readBody, readPlainTask } from './read-task.ts'
import { NewTaskBody } from './task-fields.ts'
import type { TaskTypes } from './task-types.ts'

/** The dependencies of the admission of a task. */
export interface AdmitDeps {
  readonly types: Pick<TaskTypes, 'find'>
  readonly ids: Ids
  readonly maxPayloadBytes: number
}

type By = Pick<Principal, 'project' | 'actor'>

const MAX_TASKS = 10_000

/** The JSON body of a batch. */
export const BatchBody = closed(
  {
    tasks: Type.Array(NewTaskBody, {
      minItems: 1,
      maxItems: MAX_TASKS,
      description: 'The tasks to submit, all or none',
    }),
  },
  {
    examples: [
      {
        tasks: [
          { type: 'report.build', payload: { customer: 'acme' } },
          { type: 'report.build', payload: { customer: 'globex' } },
        ],
      },
    ],
  },
)

// Checks only the batch itself. Each item is checked on its own: a check of the whole would first collect the errors of all.
const checkBatch = checker(closed({ tasks: Type.Array(Type.Unknown(), { minItems: 1, maxItems: MAX_TASKS }) }))

/**
 * Creates the task that a caller requests. Throws TASK_INVALID, PAYLOAD_TOO_LARGE or REQUEST_MALFORMED when the request
 * breaks a rule that the schema of the body cannot express.
 */
export async function admitTask(task: ReadTask, by: By, { types, ids, maxPayloadBytes }: AdmitDeps): Promise<NewTask> {
  const known = await types.find(by.project, task.fields.type)
  return newTask(task, { id: ids.next(), by, known, maxPayloadBytes })
}

/** Creates the task as the request alone gives it, without its type's defaults and without an id. */
export const requestedTask = ({ fields, payload }: ReadTask, by: By): NewTask =>
  completeTask(fields, { id: '', by, known: undefined, payload })

/** Checks and reads the tasks of a parsed body. Throws REQUEST_MALFORMED. */
export const readBatch = (body: unknown): ReadTask[] =>
  checkBatch(body).tasks.map((each, index) => readBody(checkTask(each, `/tasks/${index}`)))

/** Checks and reads tasks from values of this process, as if they had been sent as JSON. Throws REQUEST_MALFORMED. */
export function readTasks(given: readonly unknown[]): ReadTask[] {
  const tasks = given.length > 0 && given.length <= MAX_TASKS ? given.map(readPlainTask) : []
  return isComplete(tasks) ? tasks : readBatch(asSent({ tasks: given }))
}

const isComplete = (tasks: readonly (ReadTask | undefined)[]): tasks is ReadTask[] =>
  tasks.length > 0 && tasks.every((task) => task !== undefined)

/** Creates all tasks or none. Throws as `admitTask` does; the error points to the refused task. */
export async function admitTasks(tasks: readonly ReadTask[], by: By, deps: AdmitDeps): Promise<NewTask[]> {
  const { types, ids, maxPayloadBytes } = deps
  const known = new Map<string, KnownType | undefined>()
  for (const { fields } of tasks)
    if (!known.has(fields.type)) known.set(fields.type, await types.find(by.project, fields.type))
  const admit = (task: ReadTask): NewTask =>
    newTask(task, { id: ids.next(), by, known: known.get(task.fields.type), maxPayloadBytes })
  return tasks.map((task, index) => within(`/tasks/${index}`, admit, task))
}
