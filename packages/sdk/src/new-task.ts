import type { NewTask, Priority, RetryPolicy, Timeouts } from './api-types.ts'

/** The fields of a task definition that a submission uses. Every result of `defineTask` has them. */
export interface SubmittableTask {
  readonly type: string
  readonly queue?: string | undefined
  readonly priority?: Priority | undefined
  readonly maxAttempts?: number | undefined
  readonly retry?: Partial<RetryPolicy> | undefined
  readonly timeouts?: Timeouts | undefined
}

/**
 * The type of the payload that callers submit. With a schema this is the schema's input, which may differ from the
 * output that the handler receives (defaults, conversions).
 */
export type InputOf<Definition> = Definition extends {
  readonly input: { readonly '~standard': { readonly types?: infer Types } }
}
  ? NonNullable<Types> extends { readonly input: infer Input }
    ? Input
    : unknown
  : Definition extends { run(input: infer Input, ...rest: never[]): unknown }
    ? Input
    : unknown

/** The type of the result that the handler of a definition returns. `unknown` for a task type given by name. */
export type ResultOf<Definition> = Definition extends { run(...args: never[]): infer Returned }
  ? Awaited<Returned>
  : unknown

/** The options of a submission: all fields of a new task except its type and payload. */
export type TaskOptions = Omit<NewTask, 'type' | 'payload'>

/**
 * Returns the JSON body of one submission, with the options of the definition unless `options` overrides them. Use it
 * to submit typed tasks with `submitMany` and `submitStream`:
 *
 *     await taskflow.tasks.submitMany(texts.map((text) => newTask(countWords, { text })))
 */
export function newTask<Definition extends SubmittableTask>(
  definition: Definition,
  input: InputOf<Definition>,
  options?: TaskOptions,
): NewTask
export function newTask(type: string, payload?: unknown, options?: TaskOptions): NewTask
export function newTask(definition: SubmittableTask | string, payload: unknown, options: TaskOptions = {}): NewTask {
  if (typeof definition === 'string') return { type: definition, ...(payload !== undefined && { payload }), ...options }
  return { type: definition.type, ...(payload !== undefined && { payload }), ...ownOptions(definition), ...options }
}

function ownOptions({ queue, priority, maxAttempts, retry, timeouts }: SubmittableTask): TaskOptions {
  return {
    ...(queue !== undefined && { queue }),
    ...(priority !== undefined && { priority }),
    ...(maxAttempts !== undefined && { maxAttempts }),
    ...(retry !== undefined && { retry }),
    ...(timeouts !== undefined && { timeouts }),
  }
}
