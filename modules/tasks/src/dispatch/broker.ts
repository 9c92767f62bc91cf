import type { Priority } from '../domain/priority.ts'
import type { TaskId } from '../domain/task.ts'

/**
 * A subqueue: the queued tasks of one queue, task type and priority class. Brokers keep subqueues apart, so that a worker
 * receives only tasks that it can run, and no class delays another.
 */
export interface Subqueue {
  readonly project: string
  readonly queue: string
  readonly type: string
  readonly priority: Priority
}

/** The message that announces one queued task to workers. It refers to the task and never contains it. */
export interface Dispatch extends Subqueue {
  readonly taskId: TaskId
  /** The time since which the task counts as waiting (`rankOf`), in milliseconds since the epoch; the smallest goes first. */
  readonly rankMs: number
}

/** Describes a take: up to `max` dispatches of tasks that the worker can run. */
export interface TakeOptions {
  readonly project: string
  /** Served in this order when `isDrawn`; otherwise the smallest rank over all queues goes first. */
  readonly queues: readonly string[]
  readonly isDrawn: boolean
  readonly types: readonly string[]
  readonly max: number
  readonly waitMs: number
  readonly signal: AbortSignal
}

/** The result of a take: the tasks to claim, or `'any'` when the database itself holds the subqueues. */
export interface Delivery {
  /** At most `max` distinct tasks. They may have been claimed or cancelled already. */
  readonly tasks: readonly TaskId[] | 'any'
  /** Call this when the claim has committed, with the number of claimed tasks. No dispatch is held while a handler runs. */
  acknowledge(claimed: number): Promise<void>
  /** Call this instead when the claim failed: the dispatches become available to every consumer again. */
  release(): Promise<void>
}

/**
 * Carries dispatches from submissions to the workers.
 *
 * PostgreSQL stays the truth. A broker may lose, repeat or reorder dispatches: the claim makes a repeated dispatch
 * harmless, and the reconciler publishes lost dispatches again. A consumer that crashes between a take and its
 * acknowledgement delays its tasks, but loses none.
 *
 * An implementation is correct when it passes `brokerConformance()`. Methods throw BROKER_UNAVAILABLE, within a few
 * seconds, when the broker does not answer.
 */
export interface Broker {
  readonly name: 'postgres' | 'redis' | 'rabbitmq'
  /** Resolves when the broker holds all of these dispatches. It may keep a repeated dispatch once. */
  publish(dispatches: readonly Dispatch[]): Promise<void>
  /** Waits up to `waitMs` for dispatches. Resolves with undefined when the time is up or the signal aborts. */
  take(options: TakeOptions): Promise<Delivery | undefined>
  /**
   * Counts the dispatches of each subqueue that wait or that a consumer has not acknowledged. Resolves with undefined when
   * the database itself holds the subqueues.
   */
  depths(subqueues: readonly Subqueue[]): Promise<readonly number[] | undefined>
  /** Resolves when the broker answers. */
  ping(): Promise<void>
  close(): Promise<void>
}
