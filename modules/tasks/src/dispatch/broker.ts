import type { Priority } from '../domain/priority.ts'
import type { TaskId } from '../domain/task.ts'

/**
 * Where tasks wait for a worker. Brokers keep lines apart, so that a worker is
 * never handed a task it cannot run, and a class never stands before another.
 */
export interface Line {
  readonly project: string
  readonly queue: string
  readonly type: string
  readonly priority: Priority
}

/** What travels through a broker: a reference to a task that is queued, never the task. */
export interface Dispatch extends Line {
  readonly taskId: TaskId
  /** The moment the task counts as waiting since (`rankOf`), in milliseconds of the epoch: the smallest goes first. */
  readonly rankMs: number
}

export interface TakeOptions {
  readonly project: string
  /** Those that come first are served first where `isDrawn`; otherwise the smallest rank goes first over all of them. */
  readonly queues: readonly string[]
  readonly isDrawn: boolean
  readonly types: readonly string[]
  readonly max: number
  readonly waitMs: number
  readonly signal: AbortSignal
}

/** Word that tasks may be ready: either which, or, where the database itself keeps the line, that there may be some. */
export interface Delivery {
  /** At most as many as were asked for, none twice. */
  readonly tasks: readonly TaskId[] | 'any'
  /** Called when the claim has committed, with how many it got: a message is never held while a handler runs. */
  acknowledge(claimed: number): Promise<void>
  /** Called instead when the claim failed: word of these tasks is given back, for whoever takes next. */
  release(): Promise<void>
}

/**
 * Carries wake-ups from submission to the workers.
 *
 * PostgreSQL stays the truth. A broker may lose, repeat or reorder dispatches;
 * the claim in storage makes a repeat harmless, and the reconciler publishes
 * again what was lost. A taker that dies between its take and its
 * acknowledgement costs a delay, not a task.
 *
 * An implementation is correct when it passes `brokerConformance()`. Methods
 * throw BROKER_UNAVAILABLE, within a few seconds, when the broker does not answer.
 */
export interface Broker {
  readonly name: 'postgres' | 'redis' | 'rabbitmq'
  /** Word of each of these is with the broker when it resolves. Those that are there already may be kept once. */
  publish(dispatches: readonly Dispatch[]): Promise<void>
  /** Waits up to waitMs; resolves with nothing when the time is up or the signal aborts. */
  take(options: TakeOptions): Promise<Delivery | undefined>
  /** How many dispatches wait in each of these lines or are out with a taker, in their order; undefined where the database keeps them. */
  depths(lines: readonly Line[]): Promise<readonly number[] | undefined>
  /** Resolves when the broker answers. */
  ping(): Promise<void>
  close(): Promise<void>
}
