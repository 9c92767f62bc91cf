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

/** A stored event, with its own place among the stored events of the task. */
export interface RecordedEvent extends TaskEvent {
  readonly id: string
  /** Microseconds of the epoch. */
  readonly atUs: number
}

/**
 * A place in a history: what came last of the attempts and of the stored events, null for nothing yet. The history is
 * the merge of the two, so one place in each marks a place in the whole.
 */
export interface HistoryPlace {
  readonly attempt: { readonly id: string; readonly hasEnded: boolean } | null
  readonly recorded: Pick<RecordedEvent, 'id' | 'atUs'> | null
}

/** An event and the place behind it, as text. */
export type PlacedEvent = TaskEvent & { readonly cursor: string }

/** The stored data that a part of a history is derived from, each list in its order. */
export interface HistorySources {
  readonly task: Task
  /** The attempts, including the one on the row of the task; begins with the attempt of the place. */
  readonly attempts: readonly Attempt[]
  readonly recorded: readonly RecordedEvent[]
}

/**
 * Returns the history of a task behind a place, oldest event first.
 *
 * The order of the attempts and that of the stored events are kept, and the end of the task comes last, whatever the
 * database's clock did in between.
 *
 * @param after undefined for the whole history
 */
export function historyOf({ task, attempts, recorded }: HistorySources, after?: HistoryPlace): PlacedEvent[] {
  const events: PlacedEvent[] = []
  let place = after ?? { attempt: null, recorded: null }
  const add = (event: TaskEvent, passed: Partial<HistoryPlace> = {}): void => {
    place = { ...place, ...passed }
    events.push({ ...event, cursor: placeText(place) })
  }

  if (!after) add(creationOf(task))
  const waiting = [...recorded]
  const addRecorded = (isNext: (event: RecordedEvent) => boolean): void => {
    while (waiting[0] && isNext(waiting[0])) {
      const { id, atUs, ...event } = waiting.shift() as RecordedEvent
      add(event, { recorded: { id, atUs } })
    }
  }
  for (const attempt of attempts) {
    eventsOfAttempt(attempt, task).forEach((event, index) => {
      const hasEnded = index > 0
      if (attempt.id === after?.attempt?.id && (after.attempt.hasEnded || !hasEnded)) return
      addRecorded((next) => next.at < event.at || (hasEnded && isProgressAt(next, event.at)))
      add(event, { attempt: { id: attempt.id, hasEnded } })
    })
  }
  addRecorded(() => true)
  const end = endOf(task)
  if (end) add(end)
  return events
}

/** Progress is reported before the attempt ends, be it in the same millisecond. */
const isProgressAt = ({ kind, at }: TaskEvent, end: Date): boolean =>
  kind === 'task.progressed' && at.getTime() === end.getTime()

function creationOf({ createdAt, createdBy, type, queue, priority }: Task): TaskEvent {
  return { kind: 'task.created', at: createdAt, actor: createdBy, detail: { type, queue, priority } }
}

function endOf({ state, finishedAt, attempt, error }: Task): TaskEvent | undefined {
  if (!isFinished(state) || !finishedAt) return undefined
  const detail = { attempt, ...(error && state !== 'succeeded' && { error }) }
  return { kind: `task.${state}`, at: finishedAt, actor: null, detail }
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

const placeText = ({ attempt, recorded }: HistoryPlace): string =>
  [
    attempt ? `${attempt.id}${attempt.hasEnded ? '+' : ''}` : '',
    recorded ? `${recorded.atUs}.${recorded.id}` : '',
  ].join('/')

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const PLACE = new RegExp(`^(?:(?<attempt>${UUID})(?<ended>\\+?))?/(?:(?<atUs>\\d{1,16})\\.(?<recorded>${UUID}))?$`)

/** Reads the text of a place; undefined if it is none. */
export function readPlace(text: string): HistoryPlace | undefined {
  const { groups } = PLACE.exec(text) ?? {}
  if (!groups) return undefined
  const { attempt, ended, atUs, recorded } = groups
  return {
    attempt: attempt === undefined ? null : { id: attempt, hasEnded: ended === '+' },
    recorded: recorded === undefined ? null : { id: recorded, atUs: Number(atUs) },
  }
}
