import type { Isolation } from '@taskflow/sdk'
import { CRASH_LIMIT, type Lease, type Timeouts } from '@taskflow/tasks'
import type { Order } from '../order.ts'
import type { RunnerHandle } from '../placement/runner-handle.ts'
import type { TaskTypeIntroduction } from '../protocol.ts'
import type { Stop } from './stop.ts'

/** An attempt that this worker holds, from its lease to its end. Moments are those of the monotonic clock. */
export interface HeldAttempt {
  readonly key: number
  readonly lease: Lease
  readonly type: TaskTypeIntroduction
  /** Null when the attempt runs in the shared runner. */
  readonly isolation: Isolation | null
  readonly startToCloseMs: number | undefined
  readonly heartbeatMs: number | undefined
  /** End of schedule-to-close; infinite without one. */
  readonly closeAt: number
  readonly claimedAt: number
  /** False while the attempt waits for a slot. */
  hasSlot: boolean
  /** Undefined until the attempt starts. */
  runner: RunnerHandle | undefined
  /** The position of the order of this attempt among those of its runner. */
  position: number
  /** The moment at which the handler began, or at which it was last seen not to have begun. */
  startedAt: number
  /** The moment of the last heartbeat of the handler, or of the start. */
  beatAt: number
  stop: Stop | undefined
  /** Resolves once the log lines and progress reported so far are stored; undefined when there were none. */
  written: Promise<void> | undefined
}

/**
 * Whether a task may have killed the runners that died while it ran. Attempts share a runner or a machine, so one death
 * proves little, and the task runs among others until one more death would quarantine it. From then on the task runs
 * alone, so that the next death is its own fault (P11), and in a process, because a thread could end the whole worker.
 */
export const isSuspect = ({ crashCount }: Pick<Lease, 'crashCount'>): boolean => crashCount >= CRASH_LIMIT - 1

export function holdAttempt(key: number, lease: Lease, type: TaskTypeIntroduction, now: number): HeldAttempt {
  const timeout = (name: keyof Timeouts): number | undefined => lease.timeouts?.[name] ?? type.timeouts?.[name]
  return {
    key,
    lease,
    type,
    isolation: isSuspect(lease) ? 'process' : type.isolation,
    startToCloseMs: timeout('startToCloseMs'),
    heartbeatMs: timeout('heartbeatMs'),
    closeAt: lease.closeInMs === null ? Number.POSITIVE_INFINITY : now + lease.closeInMs,
    claimedAt: now,
    hasSlot: false,
    runner: undefined,
    position: 0,
    startedAt: Number.POSITIVE_INFINITY,
    beatAt: Number.POSITIVE_INFINITY,
    stop: undefined,
    written: undefined,
  }
}

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
