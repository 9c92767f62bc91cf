import type { Verdict } from './domain/attempt-outcome.ts'

declare module '@taskflow/kernel' {
  interface WakeupTopics {
    /** Tasks became queued; the detail is their queues, comma-separated. */
    ready: string
    /** A task is due earlier than known; the detail is the time. */
    due: string
    /** Tasks finished. */
    finished: string
  }

  interface TaskFlowEvents {
    'tasks.submitted': [{ readonly type: string; readonly queue: string; readonly count: number }]
    /** How long each had waited since it was ready. */
    'tasks.claimed': [{ readonly queue: string; readonly waitedMs: readonly number[] }]
    /** Attempts of one type that ended the same way; one duration for each. */
    'tasks.settled': [
      {
        readonly type: string
        readonly queue: string
        readonly verb: Verdict['verb']
        readonly durationsMs: readonly number[]
      },
    ]
    /** Cancelled before it started. */
    'task.cancelled': [{ readonly id: string }]
    /** A running task was asked to stop; it is cancelled once its worker has settled it so. */
    'task.cancelRequested': [{ readonly id: string }]
    'task.redriven': [{ readonly id: string }]
    'task.edited': [{ readonly id: string }]
    'lease.lost': [{ readonly taskId: string; readonly leaseId: string; readonly attempt: number }]
    'tasks.promoted': [{ readonly count: number }]
    'tasks.expired': [{ readonly count: number }]
    'partitions.dropped': [{ readonly names: readonly string[] }]
    'dispatches.published': [{ readonly count: number }]
    /** The broker did not receive these dispatches; the reconciler publishes them again. */
    'dispatches.dropped': [{ readonly count: number; readonly error: unknown }]
    /** Queued tasks that the broker had lost were published again. */
    'dispatches.reconciled': [{ readonly count: number }]
  }
}
