import type { TaskId } from '../task.ts'

/** What travels through a broker: a reference to a task, never the task. */
export interface Dispatch {
  readonly taskId: TaskId
  readonly queue: string
}

export interface TakeOptions {
  readonly queues: readonly string[]
  readonly max: number
  readonly waitMs: number
  readonly signal: AbortSignal
}

/** Word that tasks may be ready: either which, or, where the database itself keeps the line, that there may be some. */
export interface Delivery {
  readonly tasks: readonly TaskId[] | 'any'
  /** Called when the claim has committed, with how many it got: a message is never held while a handler runs. */
  acknowledge(claimed: number): Promise<void>
}

/**
 * Carries wake-ups from submission to the workers.
 *
 * PostgreSQL stays the truth. A broker may lose, repeat or reorder dispatches;
 * the claim in storage makes a repeat harmless, and the reconciler publishes
 * again what was lost.
 */
export interface Broker {
  readonly name: string
  publish(dispatches: readonly Dispatch[]): Promise<void>
  /** Waits up to waitMs; resolves with nothing when the time is up or the signal aborts. */
  take(options: TakeOptions): Promise<Delivery | undefined>
  close(): Promise<void>
}
