import type { Ids, NewTask, Principal } from '@taskflow/core'
import { Type } from 'typebox'
import { closed } from './field-schemas.ts'
import { within } from './malformed.ts'
import { newTask } from './new-task.ts'
import { NewTaskBody } from './task-fields.ts'
import type { TaskTypes } from './task-types.ts'
import { checker } from './validation.ts'

export interface AdmitDeps {
  readonly types: Pick<TaskTypes, 'find'>
  readonly ids: Ids
  readonly maxPayloadBytes: number
}

type By = Pick<Principal, 'project' | 'actor'>

const MAX_TASKS = 10_000

export const BatchBody = closed({ tasks: Type.Array(NewTaskBody, { minItems: 1, maxItems: MAX_TASKS }) })

// Item by item, each with all its errors: one check of the whole would gather those of every item first.
const checkBatch = checker(closed({ tasks: Type.Array(Type.Unknown(), { minItems: 1, maxItems: MAX_TASKS }) }))

export const checkTask = checker(NewTaskBody)

/** Makes a task of a body that `checkTask`, or the route's own schema, has passed. */
export async function admitTask(body: NewTaskBody, by: By, deps: AdmitDeps): Promise<NewTask> {
  const { types, ids, maxPayloadBytes } = deps
  const known = await types.find(by.project, body.type)
  return newTask(body, { id: ids.next(), principal: by, known, maxPayloadBytes })
}

/** Checks the body of a batch and makes tasks of it: all of them, or none. */
export async function admitBatch(body: unknown, by: By, deps: AdmitDeps): Promise<NewTask[]> {
  const { types, ids, maxPayloadBytes } = deps
  const bodies = checkBatch(body).tasks.map((each, index) => checkTask(each, `/tasks/${index}`))
  return Promise.all(
    bodies.map(async (each, index) => {
      const known = await types.find(by.project, each.type)
      return within(`/tasks/${index}`, () => newTask(each, { id: ids.next(), principal: by, known, maxPayloadBytes }))
    }),
  )
}
