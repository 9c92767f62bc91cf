import type { AttemptError, TaskId, WorkerId } from '@taskflow/tasks'

declare module '@taskflow/kernel' {
  interface WakeupTopics {
    /** A worker has a new request: to cancel a task, cordon, drain or uncordon; the detail is the worker's id. */
    asked: string
  }

  interface TaskFlowEvents {
    /** Tasks of lost workers were requeued (`count`) or failed after too many crashes (`quarantined`). */
    'tasks.rescued': [{ readonly count: number; readonly quarantined: number }]
    'worker.registered': [{ readonly id: WorkerId }]
    'worker.heartbeat': [{ readonly id: WorkerId; readonly running: number; readonly loopLagMs: number }]
    /** A worker was marked lost while it still ran, and continues under a new id. */
    'worker.replaced': [{ readonly id: WorkerId; readonly by: WorkerId }]
    /** The heartbeats of a worker stopped, and the coordinator marked it lost. */
    'worker.lost': [{ readonly id: WorkerId }]
    /** A worker stopped as planned, and released this number of tasks. */
    'worker.stopped': [{ readonly id: WorkerId; readonly released: number }]
    /** A thread or process of handlers ended unexpectedly. */
    'runner.crashed': [
      { readonly placement: 'shared' | 'thread' | 'process'; readonly reason: string; readonly attempts: number },
    ]
    /** A runner takes unusually long to load the task modules; `module` is the one that it imports. */
    'runner.loading': [
      {
        readonly placement: 'shared' | 'thread' | 'process'
        readonly loadingMs: number
        readonly module?: string
      },
    ]
    /** A handler blocks the loop that all handlers without isolation share. `begun` names some of the attempts in it. */
    'runner.blocked': [
      {
        readonly blockedMs: number
        readonly attempts: number
        readonly begun: readonly { readonly taskId: TaskId; readonly type: string }[]
      },
    ]
    /** The shared loop answers again, or its runner was replaced. */
    'runner.unblocked': [{ readonly blockedMs: number }]
    /** A handler ignored its AbortSignal: its attempt was ended, and the handler runs on (`running` of them in all). */
    'handler.abandoned': [
      {
        readonly taskId: TaskId
        readonly type: string
        readonly cause: 'timedOut' | 'cancelled' | 'draining' | 'lost'
        readonly running: number
      },
    ]
    /** An abandoned handler ended, by itself or with its runner. */
    'handler.ended': [{ readonly taskId: TaskId; readonly type: string; readonly running: number }]
    /** Something that a handler had started threw an error after the attempt had ended, so that no attempt shows it. */
    'handler.failedLate': [{ readonly taskId: TaskId; readonly type: string; readonly error: AttemptError }]
    /** A handler ignores the cancellation of its task: the attempt goes on until the handler ends or times out. */
    'cancellation.ignored': [{ readonly taskId: TaskId; readonly type: string }]
    /** The fetch loop hung and was abandoned; a new one replaces it unless the worker is cordoned or draining. */
    'fetch.stalled': [{ readonly sinceMs: number }]
  }
}
