import type { Lease } from '@taskflow/tasks'
import { newTaskType } from '@taskflow/testing/factories'
import { type HeldAttempt, holdAttempt } from '../src/attempts/held-attempt.ts'
import { lease } from './fake-work-store.ts'

/** An attempt that runs since this moment, of a type with two timeouts. */
export function attemptAt(startedAt: number, overrides: Partial<Lease>): HeldAttempt {
  const type = { ...newTaskType('a'), isolation: null }
  const timeouts = { startToCloseMs: 500, heartbeatMs: 100 }
  const attempt = holdAttempt(1, lease('a', null, overrides), { ...type, timeouts }, startedAt)
  return Object.assign(attempt, { startedAt, beatAt: startedAt })
}
