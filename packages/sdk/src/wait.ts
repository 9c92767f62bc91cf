import type { Task, TaskState } from './api-types.ts'
import { TaskFlowApiError } from './errors.ts'
import { pause } from './pause.ts'

/** How to wait for the end of a task. */
export interface WaitOptions {
  /** The longest wait, in milliseconds. Default: no limit. */
  readonly timeoutMs?: number | undefined
  /** Ends the wait; the promise then rejects with the signal's reason. The task continues. */
  readonly signal?: AbortSignal | undefined
  /** Called with the task after each read, finished or not, for example to show progress. */
  readonly onRead?: ((task: Task) => void) | undefined
  /** The longest time between two reads, in milliseconds. Default: 20,000. */
  readonly everyMs?: number
}

// Below 30 s, after which many proxies close a connection without traffic.
const HELD_MS = 20_000
// A server that cannot hold a reply, for example because it is stopping, answers at once. This pause prevents a busy
// loop.
const LEAST_ROUND_MS = 250

const FINISHED_STATES: readonly TaskState[] = ['succeeded', 'failed', 'cancelled']

/** Returns whether the task is `succeeded`, `failed` or `cancelled`. */
export function isFinished(task: Pick<Task, 'state'>): boolean {
  return FINISHED_STATES.includes(task.state)
}

/** Reads the task until it has finished; the server holds each reply. Throws `WAIT_TIMED_OUT`. */
export async function waitForEnd<Result>(
  read: (waitMs: number, signal: AbortSignal | undefined) => Promise<Task<Result>>,
  { timeoutMs = Number.POSITIVE_INFINITY, everyMs = HELD_MS, signal, onRead }: WaitOptions = {},
): Promise<Task<Result>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const startedAt = performance.now()
    const waitMs = Math.round(Math.max(0, Math.min(everyMs, deadline - startedAt)))
    const task = await read(waitMs, signal)
    onRead?.(task)
    if (isFinished(task)) return task
    const now = performance.now()
    if (now >= deadline) throw timedOut(task, timeoutMs)
    await pause(Math.max(0, Math.min(startedAt + LEAST_ROUND_MS, deadline) - now), signal)
  }
}

function timedOut({ id, state }: Task, timeoutMs: number): TaskFlowApiError {
  return new TaskFlowApiError('WAIT_TIMED_OUT', `Task ${id} is still ${state} after ${timeoutMs} ms`, {
    hint: 'The task continues. Wait again, with a longer timeout.',
  })
}
