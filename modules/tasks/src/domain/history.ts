import { type AttemptEnd, eventOfRecord } from './attempt-ends.ts'
import type { Attempt, Task } from './task.ts'
import { type FinishedState, isFinished } from './task-state.ts'

/**
 * The history of a task, derived from the stored data.
 *
 * A task that succeeds at its first attempt stores no history: its row shows when it was created, started and finished.
 * Only exceptional facts (attempts that did not finish the task, edits, progress, cancel requests, redrives) have rows,
 * which `historyOf` merges in, oldest first.
 */
export interface TaskEvent {
  readonly kind: TaskEventKind
  readonly at: Date
  /** The principal that caused the event; null if TaskFlow caused it. */
  readonly actor: string | null
  readonly detail: Readonly<Record<string, unknown>>
}

/** The kinds of events that are stored as rows, and whether they may follow the end of the task. All others are derived. */
export const RECORDED_EVENTS = {
  'task.edited': { mayFollowEnd: false },
  'task.cancelRequested': { mayFollowEnd: false },
  'task.redriven': { mayFollowEnd: false },
  'task.progressed': { mayFollowEnd: false },
} as const

export type TaskEventKind =
  | keyof typeof RECORDED_EVENTS
  | 'task.created'
  | 'task.started'
  | AttemptEnd['event']
  | `task.${FinishedState}`

/**
 * Returns the history of a task, oldest event first.
 *
 * @param attempts all attempts, including the one on the row of the task
 */
export function historyOf(task: Task, attempts: readonly Attempt[], recorded: readonly TaskEvent[]): TaskEvent[] {
  const created: TaskEvent = {
    kind: 'task.created',
    at: task.createdAt,
    actor: task.createdBy,
    detail: { type: task.type, queue: task.queue, priority: task.priority },
  }
  const events = [created, ...attempts.flatMap((attempt) => eventsOfAttempt(attempt, task)), ...recorded]
  if (isFinished(task.state) && task.finishedAt) {
    events.push({
      kind: `task.${task.state}`,
      at: task.finishedAt,
      actor: null,
      detail: { attempt: task.attempt, ...(task.error && task.state !== 'succeeded' && { error: task.error }) },
    })
  }
  return events.sort((a, b) => a.at.getTime() - b.at.getTime())
}

function eventsOfAttempt(attempt: Attempt, task: Task): TaskEvent[] {
  const detail = { attempt: attempt.attempt, workerId: attempt.workerId }
  const started: TaskEvent = { kind: 'task.started', at: attempt.startedAt, actor: null, detail }
  // The attempt that finished the task has no event of its own: the event of the task's end covers it.
  const endsTask = attempt.endedAt?.getTime() === task.finishedAt?.getTime() && isFinished(task.state)
  if (attempt.outcome === 'running' || attempt.endedAt === null || endsTask) return [started]
  const ended: TaskEvent = {
    kind: eventOfRecord(attempt.outcome, attempt.error?.reason),
    at: attempt.endedAt,
    actor: null,
    detail: { ...detail, ...(attempt.error && { error: attempt.error }) },
  }
  return [started, ended]
}
