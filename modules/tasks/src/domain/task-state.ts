/**
 * The life of a task.
 *
 *     scheduled ─promote─▶ queued ─claim─▶ running ─complete─▶ succeeded
 *     retrying  ─promote─▶ queued          running ─fail─────▶ failed      (the dead-letter queue is a view of these)
 *                                          running ─retry────▶ retrying
 *                                          running ─snooze───▶ scheduled
 *                                          running ─release──▶ queued      (handed back by a worker that stops)
 *                                          running ─rescue───▶ queued      (taken back from a worker that died)
 *     any unfinished state but running ─expire─▶ failed
 *     any unfinished state ─cancel──▶ cancelled
 *     any finished state   ─redrive─▶ queued
 *
 * This table is the only place where the machine is written down. The storage
 * layer binds `from` into its guards, the API documents it, and the conformance
 * suite tries every verb in every state on every database.
 *
 * `blocked` (waits for parents) and `waiting` (for a signal, a person, a timer)
 * are states that tasks can be cancelled and expired from; the verbs that lead
 * into and out of them belong to workflows.
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

export const FINISHED_STATES = ['succeeded', 'failed', 'cancelled'] as const satisfies readonly TaskState[]

export type FinishedState = (typeof FINISHED_STATES)[number]

/** States of a task that has not started and is not held by a worker: it may be edited. */
export const EDITABLE_STATES = ['blocked', 'scheduled', 'queued', 'retrying'] as const satisfies readonly TaskState[]

interface Transition {
  readonly from: readonly TaskState[]
  readonly to: TaskState
}

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

export function canTransition(verb: TaskVerb, from: TaskState): boolean {
  return (TRANSITIONS[verb].from as readonly TaskState[]).includes(from)
}
