/**
 * Events of this process. Metrics and the log are made from them, and tests wait for them. The events of a single task
 * are not here but in its history (`history.ts` of the room `tasks`).
 *
 * A package or room adds its own events by declaration merging.
 */
export interface TaskFlowEvents {
  /** This process began to lead. The number of a term is never used again. */
  'leader.elected': [{ readonly term: number }]
  /** This process ceased to lead. */
  'leader.lost': [{ readonly term: number; readonly reason: 'expired' | 'replaced' | 'resigned' }]
  /** A periodic service completed a round. */
  'round.succeeded': [{ readonly service: string; readonly durationMs: number }]
  /** A round of a periodic service threw. The next round follows after the usual pause. */
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
