import type { Attempt, AttemptOutcomeName, FailureReason, Task } from './task.ts'
import type { FinishedState } from './task-state.ts'
import { isFinished } from './task-state.ts'

/**
 * The history of a task, told from what is stored.
 *
 * An ordinary life writes no history of its own: created, started and succeeded
 * are read off the row. Only what is out of the ordinary (attempts that did not
 * end the task, edits, progress, cancel requests, redrives) has rows, which this
 * merges in, oldest first.
 */
export interface TaskEvent {
  readonly kind: TaskEventKind
  readonly at: Date
  /** Who did it; null where the system did. */
  readonly actor: string | null
  readonly detail: Readonly<Record<string, unknown>>
}

/** Kinds that are stored as rows; all others are derived. */
export const RECORDED_EVENT_KINDS = ['task.edited', 'task.cancelRequested', 'task.redriven', 'task.progressed'] as const

export type TaskEventKind =
  | (typeof RECORDED_EVENT_KINDS)[number]
  | 'task.created'
  | 'task.started'
  | 'task.retried'
  | 'task.timedOut'
  | 'task.snoozed'
  | 'task.released'
  | 'task.rescued'
  | `task.${FinishedState}`

const KIND_OF_OUTCOME = {
  failed: 'task.retried',
  timedOut: 'task.timedOut',
  snoozed: 'task.snoozed',
  released: 'task.released',
  rescued: 'task.rescued',
  // Of these an attempt's row is kept only when the task was redriven afterwards.
  succeeded: 'task.succeeded',
  cancelled: 'task.cancelled',
} as const satisfies Record<Exclude<AttemptOutcomeName, 'running'>, TaskEventKind>

/** @param attempts all of them, the one on the task's row included */
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

/** Of attempts that failed or timed out, only those end their task whose reason says that no other follows. */
function kindOfEnd(outcome: Exclude<AttemptOutcomeName, 'running'>, reason: FailureReason | undefined): TaskEventKind {
  const isLast = reason === 'exhausted' || reason === 'notRetryable' || reason === 'quarantined'
  return isLast ? 'task.failed' : KIND_OF_OUTCOME[outcome]
}

function eventsOfAttempt(attempt: Attempt, task: Task): TaskEvent[] {
  const detail = { attempt: attempt.attempt, workerId: attempt.workerId }
  const started: TaskEvent = { kind: 'task.started', at: attempt.startedAt, actor: null, detail }
  // The attempt that ended the task is told by the task's own end.
  const endsTask = attempt.endedAt?.getTime() === task.finishedAt?.getTime() && isFinished(task.state)
  if (attempt.outcome === 'running' || attempt.endedAt === null || endsTask) return [started]
  const ended: TaskEvent = {
    kind: kindOfEnd(attempt.outcome, attempt.error?.reason),
    at: attempt.endedAt,
    actor: null,
    detail: { ...detail, ...(attempt.error && { error: attempt.error }) },
  }
  return [started, ended]
}
