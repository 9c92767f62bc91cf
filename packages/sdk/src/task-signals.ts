import { MAX_DURATION_MS } from './check-definition.ts'

/**
 * What a handler may throw to say more than "this attempt failed".
 *
 * A signal is told by a registered symbol, never by its class: a project may
 * hold two copies of this package, and the worker must know both.
 */
const TASK_SIGNAL = Symbol.for('taskflow.signal')

export type TaskSignal = { readonly kind: 'permanent' } | { readonly kind: 'retryAfter'; readonly delayMs: number }

/** Fails the task without another attempt: trying again cannot help. */
export class PermanentError extends Error {
  override readonly name: string = 'PermanentError'
  readonly [TASK_SIGNAL]: TaskSignal = { kind: 'permanent' }
}

/** Brings the task back after the delay without using an attempt; `ctx.snooze(ms)` throws one. */
export class RetryAfter extends Error {
  override readonly name: string = 'RetryAfter'
  readonly [TASK_SIGNAL]: TaskSignal

  constructor(delayMs: number, options?: ErrorOptions) {
    if (!(delayMs >= 0 && delayMs <= MAX_DURATION_MS))
      throw new TypeError(
        `Expected \`delayMs\` to be a number of milliseconds from 0 to ${MAX_DURATION_MS} (ten years), got ${delayMs}`,
      )
    super(`Retry after ${delayMs} ms`, options)
    this[TASK_SIGNAL] = { kind: 'retryAfter', delayMs: Math.ceil(delayMs) }
  }
}

/** What was thrown says, if it is a signal of any copy of this package. */
export function taskSignalOf(thrown: unknown): TaskSignal | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined
  return (thrown as { readonly [TASK_SIGNAL]?: TaskSignal })[TASK_SIGNAL]
}
