import type { NewTask, Priority, RetryPolicy, Timeouts } from './api-types.ts'

/** What submitting reads off a task definition, as `defineTask` returns it. */
export interface SubmittableTask {
  readonly type: string
  readonly queue?: string | undefined
  readonly priority?: Priority | undefined
  readonly maxAttempts?: number | undefined
  readonly retry?: Partial<RetryPolicy> | undefined
  readonly timeouts?: Timeouts | undefined
}

/** What a caller gives: what the schema takes in, which may be less than what the handler then gets. */
export type InputOf<Definition> = Definition extends {
  readonly input: { readonly '~standard': { readonly types?: infer Types } }
}
  ? NonNullable<Types> extends { readonly input: infer Input }
    ? Input
    : unknown
  : Definition extends { run(input: infer Input, ...rest: never[]): unknown }
    ? Input
    : unknown

export type ResultOf<Definition> = Definition extends { run(...args: never[]): infer Returned }
  ? Awaited<Returned>
  : unknown

/** All that a task may be given beside its type and payload. */
export type TaskOptions = Omit<NewTask, 'type' | 'payload'>

/**
 * The body of a submission: the definition's own options, unless the caller overrides them.
 * Also for `submitMany` and `submitStream`, which thereby are as typed as `submit`.
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
