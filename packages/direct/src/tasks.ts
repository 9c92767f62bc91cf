import {
  type InputOf,
  type NewTask,
  newTask,
  type ResultOf,
  type SubmittableTask,
  type Task,
  type TaskOptions,
} from '@taskflow/sdk'
import { checkJson } from '@taskflow/sdk/json'
import { type NewTask as StoredTask, submittedView, type TaskId } from '@taskflow/tasks'
import {
  type AdmitDeps,
  admitTask,
  admitTasks,
  checkIdempotencyKey,
  idempotencyOf,
  readTask,
  readTasks,
  requestedTask,
  submitOrReplay,
} from '@taskflow/tasks/admission'
import { asSent } from '@taskflow/validation'
import { asApiError } from './as-api-error.ts'
import type { CallerTransaction } from './caller-transaction.ts'
import type { Way, Ways } from './ways.ts'

export interface SubmitRequest {
  /**
   * A repeated submission with the same key and task returns the first task, even if that one was submitted over HTTP.
   */
  readonly idempotencyKey?: string
  /** An open transaction of the caller. The task exists once it commits; after a rollback the task never existed. */
  readonly tx?: CallerTransaction
}

export interface SubmitManyRequest extends SubmitRequest {
  /** Number of tasks that are stored together or not at all, from 1 to 10,000. 1,000 by default. */
  readonly chunkSize?: number
}

/** Submits tasks with the same names, options and errors as `client.tasks` of the SDK. */
export interface DirectTasks {
  /**
   * Submits a task. The task is durable once the promise resolves or, with `tx`, once the transaction has committed.
   */
  submit<Definition extends SubmittableTask>(
    definition: Definition,
    input: InputOf<Definition>,
    options?: TaskOptions,
    request?: SubmitRequest,
  ): Promise<Task<ResultOf<Definition>>>
  submit(type: string, payload?: unknown, options?: TaskOptions, request?: SubmitRequest): Promise<Task>
  /**
   * Submits tasks in chunks and resolves with their ids, in order. Each chunk is stored completely or not at all. If a
   * chunk is rejected, earlier chunks stay stored; with an idempotencyKey the same call can be repeated without storing
   * them twice.
   */
  submitMany(tasks: readonly NewTask[], request?: SubmitManyRequest): Promise<string[]>
}

interface Deps extends Ways, Omit<AdmitDeps, 'types'> {
  readonly by: { readonly project: string; readonly actor: string }
}

export function directTasks({ own, within, by, ...deps }: Deps): DirectTasks {
  const { project } = by
  const submitBy = <Result>(tx: CallerTransaction | undefined, work: (way: Way) => Promise<Result>): Promise<Result> =>
    tx ? within(tx, work) : work(own)

  function submitOne(given: NewTask, { idempotencyKey, tx }: SubmitRequest): Promise<Task> {
    checkJson(given, 'The request')
    const read = readTask(given)
    const key = idempotencyWith(idempotencyKey, 'POST /v1/tasks', given, () => requestedTask(read, by))
    return submitBy(tx, async (way) => {
      await way.ready()
      const submitted = await submitOrReplay(way, { project, ...key }, async () => [
        await admitTask(read, by, { ...deps, types: way.types }),
      ])
      const [id] = submitted.ids as readonly [TaskId]
      const [task] = submitted.tasks as readonly [StoredTask]
      return submittedView(task, id, submitted.createdAt) as Task
    })
  }

  function submitChunk(given: readonly NewTask[], { idempotencyKey, tx }: SubmitRequest): Promise<readonly string[]> {
    checkJson({ tasks: given }, 'The request')
    const read = readTasks(given)
    const key = idempotencyWith(idempotencyKey, 'POST /v1/tasks/batch', { tasks: given })
    return submitBy(tx, async (way) => {
      await way.ready()
      const admit = () => admitTasks(read, by, { ...deps, types: way.types })
      return (await submitOrReplay(way, { project, ...key }, admit)).ids
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

/** Hashes the request as the API does, so that a key identifies the same request over HTTP and here. */
function idempotencyWith(
  key: string | undefined,
  route: string,
  body: unknown,
  requested?: () => StoredTask,
): ReturnType<typeof idempotencyOf> {
  if (key === undefined) return {}
  checkIdempotencyKey(key)
  return idempotencyOf(key, route, asSent(body), requested)
}
