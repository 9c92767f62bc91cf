/**
 * What happened in this process, for everyone who observes it: metrics, the log of the process, and tests, which wait for
 * the event an operator would see. The history of a single task is elsewhere (`history.ts` of the room `tasks`).
 *
 * A package or room that has events of its own adds them by declaration merging.
 */
export interface TaskFlowEvents {
  /** This process leads, or no longer does. A term belongs to one leader and never comes again. */
  'leader.elected': [{ readonly term: number }]
  'leader.lost': [{ readonly term: number; readonly reason: 'expired' | 'replaced' | 'resigned' }]
  /** One round of a periodic service. */
  'round.succeeded': [{ readonly service: string; readonly durationMs: number }]
  'round.failed': [{ readonly service: string; readonly error: unknown }]
}

export type EventListeners = {
  readonly [Name in keyof TaskFlowEvents]?: (...detail: TaskFlowEvents[Name]) => void
}

/** A typed emitter; Node's `EventEmitter<TaskFlowEvents>` is one. */
export interface Events {
  emit<Name extends keyof TaskFlowEvents>(name: Name, ...detail: TaskFlowEvents[Name]): boolean
  on<Name extends keyof TaskFlowEvents>(name: Name, listener: (...detail: TaskFlowEvents[Name]) => void): unknown
  off<Name extends keyof TaskFlowEvents>(name: Name, listener: (...detail: TaskFlowEvents[Name]) => void): unknown
}
