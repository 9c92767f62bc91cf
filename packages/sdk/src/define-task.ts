import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import type { Priority, RetryPolicy, Timeouts } from './api-types.ts'
import { checkDefinition } from './check-definition.ts'

/**
 * A task type and its handler: all that a worker needs to know of it.
 *
 * The marker is a registered symbol, so that a worker knows definitions made
 * by another copy of this package.
 */
const TASK_DEFINITION = Symbol.for('taskflow.definition')

export type Isolation = 'thread' | 'process'

type LogTask = (message: string, fields?: Readonly<Record<string, unknown>>) => void

/** What a handler is given beside its payload. Its parts may be taken out of it. */
export interface TaskContext {
  readonly task: {
    readonly id: string
    readonly type: string
    readonly queue: string
    readonly project: string
    readonly labels: Readonly<Record<string, string>>
    readonly createdAt: Date
  }
  /** From 1. */
  readonly attempt: number
  readonly maxAttempts: number
  /** Changes with every attempt: present it where a late write of an older attempt must be refused. */
  readonly fencingToken: string
  /** Aborts when the handler should stop; the reason's name is `TimedOut`, `Cancelled`, `Draining` or `LeaseLost`. */
  readonly signal: AbortSignal
  /** Lines are kept with the task, up to 8 KiB each and 10,000 an attempt. */
  readonly log: { readonly debug: LogTask; readonly info: LogTask; readonly warn: LogTask; readonly error: LogTask }
  /** Shows how far the attempt is, 0 to 100, and counts as a heartbeat. Resolves at once. */
  progress(percent: number, message?: string): Promise<void>
  /** Keeps an attempt with `timeouts.heartbeatMs` from timing out. */
  heartbeat(): void
  /** Ends the attempt by throwing; the task comes back after the delay and no attempt is used. */
  snooze(delayMs: number): never
}

/** What a definition says beside its schema and handler. Durations in milliseconds. */
export interface TaskDefaults {
  /** As `report.build`: letters, digits, `.`, `_`, `:` and `-`. */
  readonly type: string
  readonly queue?: string
  readonly priority?: Priority
  readonly maxAttempts?: number
  readonly retry?: Partial<RetryPolicy>
  readonly timeouts?: Timeouts
  /** Runs each attempt in a thread or process of its own, so that it may block and can be killed. */
  readonly isolation?: Isolation
}

export interface TaskDefinition<Payload = unknown, Result = unknown> extends TaskDefaults {
  readonly [TASK_DEFINITION]: true
  readonly input?: StandardSchemaV1 | undefined
  run(payload: Payload, ctx: TaskContext): Result | Promise<Result>
}

export interface CheckedTaskDefinition<Schema extends StandardSchemaV1, Result>
  extends TaskDefinition<StandardSchemaV1.InferOutput<Schema>, Result> {
  /** The payload is checked with it before the handler sees it. */
  readonly input: Schema
}

/** Describes a task type. Throws a TypeError that names what is wrong. */
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

export function isTaskDefinition(value: unknown): value is TaskDefinition {
  return typeof value === 'object' && value !== null && (value as Partial<TaskDefinition>)[TASK_DEFINITION] === true
}

/** JSON Schema of what may be submitted, where the schema's library can give one. */
export function jsonSchemaOf({ input }: TaskDefinition): Readonly<Record<string, unknown>> | undefined {
  const standard = input?.['~standard'] as Partial<StandardJSONSchemaV1.Props> | undefined
  try {
    return standard?.jsonSchema?.input({ target: 'draft-2020-12' })
  } catch {
    // Some types have no JSON Schema (a bigint, say); the schema itself still checks every payload.
    return undefined
  }
}
