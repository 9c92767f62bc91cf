import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import type { Priority, RetryPolicy, Timeouts } from './api-types.ts'
import { checkDefinition } from './check-definition.ts'

/**
 * Marks an object as a task definition. The symbol is registered, so that a worker recognises definitions that another
 * copy of this package made.
 */
const TASK_DEFINITION = Symbol.for('taskflow.definition')

/** Where each attempt of a task type runs: in its own thread or in its own process. */
export type Isolation = 'thread' | 'process'

type LogTask = (message: string, fields?: Readonly<Record<string, unknown>>) => void

/** The second argument of a handler. You may destructure it: no part needs `this`. */
export interface TaskContext {
  readonly task: {
    readonly id: string
    readonly type: string
    readonly queue: string
    readonly project: string
    readonly labels: Readonly<Record<string, string>>
    readonly createdAt: Date
  }
  /** The number of this attempt, from 1. */
  readonly attempt: number
  readonly maxAttempts: number
  /** Unique to this attempt. Pass it to your own systems if they must refuse a late write of an older attempt. */
  readonly fencingToken: string
  /**
   * Aborts when the handler should stop. `signal.reason.name` is `TimedOut`, `Cancelled`, `Draining` or `LeaseLost`.
   */
  readonly signal: AbortSignal
  /** Writes log lines that are stored with the task: at most 8 KiB a line and 10,000 lines an attempt. */
  readonly log: { readonly debug: LogTask; readonly info: LogTask; readonly warn: LogTask; readonly error: LogTask }
  /** Reports progress, from 0 to 100 percent, and counts as a heartbeat. Resolves at once, before it is stored. */
  progress(percent: number, message?: string): Promise<void>
  /** Sends a heartbeat, so that an attempt with `timeouts.heartbeatMs` does not time out. */
  heartbeat(): void
  /** Ends the attempt by throwing a `RetryAfter`: the task runs again after the delay, and no attempt is used. */
  snooze(delayMs: number): never
}

/**
 * The options of a task definition beside its schema and its handler. These options are the defaults of the task type;
 * a submission may override all of them but `type` and `isolation`. Durations are in milliseconds.
 */
export interface TaskDefaults {
  /** The name of the type, such as `report.build`: 1 to 128 letters, digits, `.`, `_`, `:` and `-`. */
  readonly type: string
  /** Default: `default`. */
  readonly queue?: string
  /** Default: `normal`. Applies only to submissions that use the definition. */
  readonly priority?: Priority
  /** Default: 5. */
  readonly maxAttempts?: number
  /** Default: 1 s before the second attempt, doubling up to 10 min, with full jitter. */
  readonly retry?: Partial<RetryPolicy>
  /** Default: no limits. */
  readonly timeouts?: Timeouts
  /** Runs each attempt in its own thread or process, so that it may block the event loop and can be killed. */
  readonly isolation?: Isolation
}

/** A task type and its handler, as `defineTask` returns it and as a worker loads it. */
export interface TaskDefinition<Payload = unknown, Result = unknown> extends TaskDefaults {
  readonly [TASK_DEFINITION]: true
  readonly input?: StandardSchemaV1 | undefined
  run(payload: Payload, ctx: TaskContext): Result | Promise<Result>
}

/** A task definition with a schema, which types the payload. */
export interface CheckedTaskDefinition<Schema extends StandardSchemaV1, Result>
  extends TaskDefinition<StandardSchemaV1.InferOutput<Schema>, Result> {
  /** The worker validates the payload with this schema before it calls the handler. */
  readonly input: Schema
}

/**
 * Defines a task type and its handler. A worker runs the definitions that its task modules export.
 *
 *     export const countWords = defineTask({
 *       type: 'words.count',
 *       run: ({ text }: { text: string }) => ({ words: text.split(' ').length }),
 *     })
 *
 * The handler's result is stored as JSON, at most 1 MiB. With `input`, a schema of a Standard Schema library such as
 * zod, each payload is validated and typed. Throws a TypeError that names the wrong field.
 */
export function defineTask<Schema extends StandardSchemaV1, Result>(
  options: TaskDefaults & {
    readonly input: Schema
    run(payload: StandardSchemaV1.InferOutput<Schema>, ctx: TaskContext): Result | Promise<Result>
  },
): CheckedTaskDefinition<Schema, Result>
export function defineTask<Payload, Result>(
  options: TaskDefaults & {
    readonly input?: undefined
    run(payload: Payload, ctx: TaskContext): Result | Promise<Result>
  },
): TaskDefinition<Payload, Result>
export function defineTask(options: Omit<TaskDefinition, typeof TASK_DEFINITION>): TaskDefinition {
  checkDefinition(options)
  return Object.freeze({ ...options, [TASK_DEFINITION]: true as const })
}

/** Returns whether `defineTask` made the value, in this or in another copy of the package. */
export function isTaskDefinition(value: unknown): value is TaskDefinition {
  return typeof value === 'object' && value !== null && (value as Partial<TaskDefinition>)[TASK_DEFINITION] === true
}

/**
 * Returns the JSON Schema (draft 2020-12) of the payload, or undefined when the definition has no schema or the
 * library of the schema cannot convert it.
 */
export function jsonSchemaOf({ input }: TaskDefinition): Readonly<Record<string, unknown>> | undefined {
  const standard = input?.['~standard'] as Partial<StandardJSONSchemaV1.Props> | undefined
  try {
    return standard?.jsonSchema?.input({ target: 'draft-2020-12' })
  } catch {
    // Some types, such as a bigint, have no JSON Schema. The schema itself still validates every payload.
    return undefined
  }
}
