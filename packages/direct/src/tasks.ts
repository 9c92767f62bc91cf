import {
  type InputOf,
  type NewTask,
  newTask,
  type ResultOf,
  type SubmittableTask,
  type Task,
  type TaskOptions,
} from '@taskflow/sdk'
import { submittedView } from '@taskflow/tasks'
import {
  type AdmitDeps,
  admitTask,
  admitTasks,
  checkIdempotencyKey,
  idempotencyOf,
  readTask,
  readTasks,
} from '@taskflow/tasks/admission'
import { asSent } from '@taskflow/validation'
import { asApiError } from './as-api-error.ts'
import type { CallerTransaction } from './caller-transaction.ts'
import type { Way, Ways } from './ways.ts'

export interface SubmitRequest {
  /** The same key and the same task give the same task again, also when the other was submitted over HTTP. */
  readonly idempotencyKey?: string
  /** A transaction of the caller's: the task is there once it commits, and was never there if it does not. */
  readonly tx?: CallerTransaction
}

export interface SubmitManyRequest extends SubmitRequest {
  /** Tasks that are stored together or not at all: 1 to 10,000. Default 1,000. */
  readonly chunkSize?: number
}

/** The part of `client.tasks` that stores tasks, with the same names, options and refusals. */
export interface DirectTasks {
  /** Durable once it resolves or, given `tx`, once that has committed. */
  submit<Definition extends SubmittableTask>(
    definition: Definition,
    input: InputOf<Definition>,
    options?: TaskOptions,
    request?: SubmitRequest,
  ): Promise<Task<ResultOf<Definition>>>
  submit(type: string, payload?: unknown, options?: TaskOptions, request?: SubmitRequest): Promise<Task>
  /**
   * Resolves with the ids, in order. Each chunk is all or nothing; when one is refused, those before it
   * stand. Given an idempotencyKey, the same call can then be repeated without storing them twice.
   */
  submitMany(tasks: readonly NewTask[], request?: SubmitManyRequest): Promise<string[]>
}

interface Deps extends Ways, Omit<AdmitDeps, 'types'> {
  readonly by: { readonly project: string; readonly actor: string }
}

export function directTasks({ own, within, by, ...deps }: Deps): DirectTasks {
  const { project } = by
  const along = <Result>(tx: CallerTransaction | undefined, work: (way: Way) => Promise<Result>): Promise<Result> =>
    tx ? within(tx, work) : work(own)

  function submitOne(given: NewTask, { idempotencyKey, tx }: SubmitRequest): Promise<Task> {
    const read = readTask(given)
    const idempotency = idempotencyWith(idempotencyKey, 'POST /v1/tasks', given)
    return along(tx, async (way) => {
      await way.ready()
      const task = await admitTask(read, by, { ...deps, types: way.types })
      const { ids, createdAt } = await way.submitTasks({ project, tasks: [task], ...idempotency })
      return submittedView(task, ids[0] ?? task.id, createdAt) as Task
    })
  }

  function submitChunk(given: readonly NewTask[], { idempotencyKey, tx }: SubmitRequest): Promise<readonly string[]> {
    const read = readTasks(given)
    const idempotency = idempotencyWith(idempotencyKey, 'POST /v1/tasks/batch', { tasks: given })
    return along(tx, async (way) => {
      await way.ready()
      const tasks = await admitTasks(read, by, { ...deps, types: way.types })
      return (await way.submitTasks({ project, tasks, ...idempotency })).ids
    })
  }

  return {
    async submit(definition: SubmittableTask | string, payload?: unknown, options?: TaskOptions, request = {}) {
      try {
        return await submitOne(newTask(definition as string, payload, options), request)
      } catch (error) {
        throw asApiError(error)
      }
    },
    async submitMany(tasks, { chunkSize = 1_000, idempotencyKey, ...rest } = {}) {
      const ids: string[] = []
      try {
        for (let start = 0; start < tasks.length; start += chunkSize) {
          const key = idempotencyKey === undefined ? {} : { idempotencyKey: `${idempotencyKey}:${start}` }
          for (const id of await submitChunk(tasks.slice(start, start + chunkSize), { ...rest, ...key })) ids.push(id)
        }
      } catch (error) {
        throw asApiError(error)
      }
      return ids
    },
  } as DirectTasks
}

/** As over HTTP, so that a key tells the same request whichever way it comes. */
function idempotencyWith(key: string | undefined, route: string, body: unknown): ReturnType<typeof idempotencyOf> {
  if (key === undefined) return {}
  checkIdempotencyKey(key)
  return idempotencyOf(key, route, asSent(body))
}
