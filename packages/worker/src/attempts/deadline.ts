import type { HeldAttempt } from './held-attempt.ts'

interface Deadline {
  /** A moment of the monotonic clock. */
  readonly at: number
  readonly message: string
}

const NEVER: Deadline = { at: Number.POSITIVE_INFINITY, message: '' }

export const hasDeadline = ({ startToCloseMs, heartbeatMs, closeAt }: HeldAttempt): boolean =>
  startToCloseMs !== undefined || heartbeatMs !== undefined || closeAt !== Number.POSITIVE_INFINITY

/** The earliest deadline of the attempt. The next heartbeat of its handler may move it. */
export function deadlineOf(attempt: HeldAttempt): Deadline {
  const { heartbeatMs, beatAt } = attempt
  const heartbeat: Deadline =
    heartbeatMs === undefined
      ? NEVER
      : { at: beatAt + heartbeatMs, message: `No heartbeat came for ${heartbeatMs} ms (timeouts.heartbeatMs)` }
  const fixed = fixedDeadlineOf(attempt)
  return heartbeat.at < fixed.at ? heartbeat : fixed
}

/** The earliest deadline that no heartbeat moves. */
function fixedDeadlineOf({ startToCloseMs, startedAt, closeAt }: HeldAttempt): Deadline {
  const startToClose: Deadline =
    startToCloseMs === undefined
      ? NEVER
      : {
          at: startedAt + startToCloseMs,
          message: `The attempt did not end within ${startToCloseMs} ms (timeouts.startToCloseMs)`,
        }
  if (startToClose.at <= closeAt) return startToClose
  return { at: closeAt, message: 'The task did not end within its time (timeouts.scheduleToCloseMs)' }
}
