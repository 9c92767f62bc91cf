import type { Isolation } from '@taskflow/sdk'
import { CRASH_LIMIT, type Lease, type Timeouts, type WorkerId } from '@taskflow/tasks'
import type { RunnerHandle } from './placement/runner-handle.ts'
import type { Order, TaskTypeIntroduction } from './protocol.ts'
import type { Stop } from './stop.ts'

/** One attempt in this worker's hands: it has a lease. Moments are the monotonic clock's. */
export interface HeldAttempt {
  readonly key: number
  readonly lease: Lease
  /** The incarnation that claimed it. */
  readonly workerId: WorkerId
  readonly type: TaskTypeIntroduction
  /** Null when it shares the runner of the others. */
  readonly isolation: Isolation | null
  readonly startToCloseMs: number | undefined
  readonly heartbeatMs: number | undefined
  /** End of schedule-to-close; infinite without one. */
  readonly closeAt: number
  readonly claimedAt: number
  /** False while it waits for a slot. */
  hasSlot: boolean
  /** Undefined while a runner of its own is starting. */
  runner: RunnerHandle | undefined
  startedAt: number
  beatAt: number
  stop: Stop | undefined
  /** Resolves once the log lines and progress told so far are stored; undefined when there were none. */
  written: Promise<void> | undefined
}

export function holdAttempt(
  key: number,
  lease: Lease,
  type: TaskTypeIntroduction,
  workerId: WorkerId,
  now: number,
): HeldAttempt {
  const timeout = (name: keyof Timeouts): number | undefined => lease.timeouts?.[name] ?? type.timeouts?.[name]
  return {
    key,
    lease,
    workerId,
    type,
    isolation: isSuspect(lease) ? 'process' : type.isolation,
    startToCloseMs: timeout('startToCloseMs'),
    heartbeatMs: timeout('heartbeatMs'),
    closeAt: lease.closeInMs === null ? Number.POSITIVE_INFINITY : now + lease.closeInMs,
    claimedAt: now,
    hasSlot: false,
    runner: undefined,
    startedAt: Number.POSITIVE_INFINITY,
    beatAt: Number.POSITIVE_INFINITY,
    stop: undefined,
    written: undefined,
  }
}

/**
 * A task in whose presence runners died may have killed them, or only have stood by, as all do whose machine was lost.
 * So it goes on among the others until one more death would quarantine it. Then it runs alone, in a process, which
 * also holds what would take this whole process along: whom the last death is blamed on is the culprit (P11).
 */
export const isSuspect = ({ crashCount }: Pick<Lease, 'crashCount'>): boolean => crashCount >= CRASH_LIMIT - 1

export function orderFor({ key, lease, heartbeatMs }: HeldAttempt): Order {
  return {
    key,
    taskId: lease.taskId,
    leaseId: lease.leaseId,
    project: lease.project,
    type: lease.type,
    queue: lease.queue,
    payload: lease.payload,
    attempt: lease.attempt,
    maxAttempts: lease.maxAttempts,
    labels: lease.labels,
    createdAt: lease.createdAt.getTime(),
    heartbeatMs: heartbeatMs ?? null,
  }
}
