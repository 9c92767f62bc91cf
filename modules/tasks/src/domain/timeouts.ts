/** The timeouts of a task, named as in Temporal, in milliseconds. An absent timeout is no limit. */
export interface Timeouts {
  /** The time from due to the first start. */
  readonly scheduleToStartMs?: number
  /** The time of one attempt, from start to end. */
  readonly startToCloseMs?: number
  /** The time from due to the end of the task, over all attempts. */
  readonly scheduleToCloseMs?: number
  /** The time between two heartbeats of the handler. */
  readonly heartbeatMs?: number
}
