import { MAX_DURATION_MS } from './check-definition.ts'

/**
 * Marks the errors by which a handler decides what happens to its task. A worker recognises them by this registered
 * symbol and not by their class, because a project may contain two copies of this package.
 */
const TASK_SIGNAL = Symbol.for('taskflow.signal')

/** The decision that a thrown error carries. `delayMs` is a whole number of milliseconds. */
export type TaskSignal = { readonly kind: 'permanent' } | { readonly kind: 'retryAfter'; readonly delayMs: number }

/**
 * Fails the task without a retry, with reason `notRetryable`. Throw it in a handler when another attempt cannot help:
 *
 *     if (reply.status === 404) throw new PermanentError('There is no such customer')
 */
export class PermanentError extends Error {
  override readonly name: string = 'PermanentError'
  readonly [TASK_SIGNAL]: TaskSignal = { kind: 'permanent' }
}

/**
 * Runs the task again after `delayMs` milliseconds (0 to ten years) without using an attempt. `ctx.snooze(ms)` throws
 * one. The constructor throws a TypeError for any other delay. A handler that always throws it runs for ever unless
 * `timeouts.scheduleToCloseMs` is set, about once a second if `delayMs` is less than that.
 *
 *     if (reply.status === 429) throw new RetryAfter(30_000)
 */
export class RetryAfter extends Error {
  override readonly name: string = 'RetryAfter'
  readonly [TASK_SIGNAL]: TaskSignal

  constructor(delayMs: number, options?: ErrorOptions) {
    if (!isDelay(delayMs))
      throw new TypeError(
        `Expected \`delayMs\` to be a number of milliseconds from 0 to ${MAX_DURATION_MS} (ten years), got ${delayMs}`,
      )
    super(`Retry after ${delayMs} ms`, options)
    this[TASK_SIGNAL] = { kind: 'retryAfter', delayMs: Math.ceil(delayMs) }
  }
}

/**
 * Returns the decision of a thrown value, or undefined for an ordinary error. Recognises other copies of the package.
 * Never throws: a value that cannot be read, such as a revoked proxy, or whose decision is not valid, decides nothing.
 */
export function taskSignalOf(thrown: unknown): TaskSignal | undefined {
  try {
    return validSignal((thrown as { readonly [TASK_SIGNAL]?: Partial<TaskSignal> })[TASK_SIGNAL])
  } catch {
    return undefined
  }
}

/** Copies the decision, because a getter may return another value at each read. */
function validSignal(signal: { readonly kind?: unknown; readonly delayMs?: unknown } | undefined) {
  const kind = signal?.kind
  if (kind === 'permanent') return { kind } as const
  const delayMs = kind === 'retryAfter' ? signal?.delayMs : undefined
  if (!Number.isInteger(delayMs) || !isDelay(delayMs as number)) return undefined
  return { kind: 'retryAfter', delayMs: delayMs as number } as const
}

const isDelay = (delayMs: number): boolean => delayMs >= 0 && delayMs <= MAX_DURATION_MS
