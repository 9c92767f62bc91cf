/**
 * The life of a task.
 *
 *     scheduled ─promote─▶ queued ─claim─▶ running ─complete─▶ succeeded
 *     retrying  ─promote─▶ queued          running ─fail─────▶ failed      (the dead-letter queue is a view of these)
 *                                          running ─retry────▶ retrying
 *                                          running ─snooze───▶ scheduled
 *                                          running ─release──▶ queued      (by its worker, which stops or is full)
 *                                          running ─rescue───▶ queued      (after a crash of its worker or runner)
 *     any unfinished state but running ─expire─▶ failed
 *     any unfinished state ─cancel──▶ cancelled
 *     any finished state   ─redrive─▶ queued
 *
 * `TRANSITIONS` is the only definition of the state machine. Statements receive `from` as a parameter, and a test tries
 * every verb in every state on every database.
 *
 * No verb leads into or out of `blocked` (waits for parents) and `waiting` (waits for a signal, a person or a timer) yet,
 * except `cancel` and `expire`: the other verbs belong to workflows.
 */
export const TASK_STATES = [
  'blocked',
  'scheduled',
  'queued',
  'running',
  'waiting',
  'retrying',
  'succeeded',
  'failed',
  'cancelled',
] as const

export type TaskState = (typeof TASK_STATES)[number]

/** The states that a task leaves only by a redrive. */
export const FINISHED_STATES = ['succeeded', 'failed', 'cancelled'] as const satisfies readonly TaskState[]

export type FinishedState = (typeof FINISHED_STATES)[number]

export type UnfinishedState = Exclude<TaskState, FinishedState>

/** All other states. */
export const UNFINISHED_STATES: readonly UnfinishedState[] = TASK_STATES.filter((state) => !isFinished(state))

/** The states in which a task can be edited: no worker holds the task, and it is not finished. */
export const EDITABLE_STATES = ['blocked', 'scheduled', 'queued', 'retrying'] as const satisfies readonly TaskState[]

interface Transition {
  readonly from: readonly TaskState[]
  readonly to: TaskState
}

/** The states from which each verb is allowed, and the state to which the verb leads. */
export const TRANSITIONS = {
  promote: { from: ['scheduled', 'retrying'], to: 'queued' },
  claim: { from: ['queued'], to: 'running' },
  complete: { from: ['running'], to: 'succeeded' },
  fail: { from: ['running'], to: 'failed' },
  retry: { from: ['running'], to: 'retrying' },
  snooze: { from: ['running'], to: 'scheduled' },
  release: { from: ['running'], to: 'queued' },
  rescue: { from: ['running'], to: 'queued' },
  expire: { from: ['blocked', 'scheduled', 'queued', 'waiting', 'retrying'], to: 'failed' },
  cancel: { from: ['blocked', 'scheduled', 'queued', 'running', 'waiting', 'retrying'], to: 'cancelled' },
  redrive: { from: ['succeeded', 'failed', 'cancelled'], to: 'queued' },
} as const satisfies Record<string, Transition>

export type TaskVerb = keyof typeof TRANSITIONS

export function isFinished(state: TaskState): state is FinishedState {
  return (FINISHED_STATES as readonly TaskState[]).includes(state)
}

export function isEditable(state: TaskState): boolean {
  return (EDITABLE_STATES as readonly TaskState[]).includes(state)
}

/** Returns whether a verb is allowed in a state. */
export function canTransition(verb: TaskVerb, from: TaskState): boolean {
  return (TRANSITIONS[verb].from as readonly TaskState[]).includes(from)
}
