import type { Task, TaskState } from './api-types.ts'
import { TaskFlowApiError } from './errors.ts'
import { pause } from './pause.ts'

export interface WaitOptions {
  /** Without it, as long as it takes. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Called with the task each time it was read, also when it is not finished. */
  readonly onRead?: ((task: Task) => void) | undefined
  /** How long the server may hold each reply: how often `onRead` is called, at least. */
  readonly everyMs?: number
}

// Below the 30 s after which many a proxy takes a silent connection for dead.
const HELD_MS = 20_000
// A server that cannot hold a reply (it is stopping, say) answers at once. It is not to be asked in a tight loop.
const LEAST_ROUND_MS = 250

const FINISHED_STATES: readonly TaskState[] = ['succeeded', 'failed', 'cancelled']

export function isFinished(task: Pick<Task, 'state'>): boolean {
  return FINISHED_STATES.includes(task.state)
}

/** Reads, held by the server, until the task has finished. */
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
    hint: 'It carries on; wait again for as long as it may need.',
  })
}
