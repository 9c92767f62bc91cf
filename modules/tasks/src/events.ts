import type { Verdict } from './domain/attempt-outcome.ts'

/**
 * The events of verbs that callers apply to one task, each with the counter that it increments. A verb needs no other
 * declaration of its event.
 */
export const COUNTED_EVENTS = {
  /** The task ends once its worker settles it. */
  'task.cancelRequested': [
    'taskflow_task_cancellations_requested_total',
    'Running tasks whose cancellation was requested',
  ],
  'task.redriven': ['taskflow_tasks_redriven_total', 'Finished tasks sent back to their queue'],
  'task.edited': ['taskflow_tasks_edited_total', 'Edits of tasks that were waiting'],
} as const

type CountedEvents = { [Name in keyof typeof COUNTED_EVENTS]: [{ readonly id: string }] }

declare module '@taskflow/kernel' {
  interface WakeupTopics {
    /** Tasks became queued; the detail is the names of their queues, separated by commas. */
    ready: string
    /** Tasks were stored that are due in the future; the detail is the earliest of their times. */
    due: string
    /** Tasks finished. */
    finished: string
  }

  interface TaskFlowEvents extends CountedEvents {
    /** This process stored tasks of one type and queue. */
    'tasks.submitted': [{ readonly type: string; readonly queue: string; readonly count: number }]
    /** This worker claimed tasks of one queue; each value is the time that a task waited since it was ready. */
    'tasks.claimed': [{ readonly queue: string; readonly waitedMs: readonly number[] }]
    /** This worker settled attempts of one type with the same verb; each value is the duration of an attempt. */
    'tasks.settled': [
      {
        readonly type: string
        readonly queue: string
        readonly verb: Verdict['verb']
        readonly durationsMs: readonly number[]
      },
    ]
    /** A task ended cancelled: it waited, or this process settled its attempt. */
    'task.cancelled': [{ readonly id: string }]
    /** A task of this type was snoozed for a moment too often, and waits longer than its handler asked for. */
    'task.snoozeSlowed': [{ readonly type: string }]
    /** The database refused the result of an attempt that no longer held its lease. */
    'lease.lost': [{ readonly taskId: string; readonly leaseId: string; readonly attempt: number }]
    'tasks.promoted': [{ readonly count: number }]
    'tasks.expired': [{ readonly count: number }]
    /** The sweep readmitted tasks that waited at an open gate. */
    'tasks.readmitted': [{ readonly count: number }]
    /** Tasks were stored at a gate that may be open, and could not be readmitted; the sweep does it. */
    'tasks.notReadmitted': [{ readonly error: unknown }]
    /** Retention dropped the partitions of these days. */
    'partitions.dropped': [{ readonly names: readonly string[] }]
    'dispatches.published': [{ readonly count: number }]
    /** The broker did not receive these dispatches; the reconciler publishes them again. */
    'dispatches.dropped': [{ readonly count: number; readonly error: unknown }]
    /** Queued tasks that the broker had lost were published again. */
    'dispatches.reconciled': [{ readonly count: number }]
  }
}
