import type { WorkerId } from '@taskflow/tasks'

declare module '@taskflow/kernel' {
  interface WakeupTopics {
    /** A request for a worker: to cancel a task, to cordon, to drain; the detail is the worker's id. */
    asked: string
  }

  interface TaskFlowEvents {
    'tasks.rescued': [{ readonly count: number; readonly quarantined: number }]
    'worker.registered': [{ readonly id: WorkerId }]
    'worker.heartbeat': [{ readonly id: WorkerId; readonly running: number; readonly loopLagMs: number }]
    /** The worker was marked lost while it still ran; it continues under a new id. */
    'worker.replaced': [{ readonly id: WorkerId; readonly by: WorkerId }]
    /** The heartbeats of a worker stopped. */
    'worker.lost': [{ readonly id: WorkerId }]
    'worker.stopped': [{ readonly id: WorkerId; readonly released: number }]
    /** A thread or process of handlers ended unexpectedly. */
    'runner.crashed': [
      { readonly placement: 'shared' | 'thread' | 'process'; readonly reason: string; readonly attempts: number },
    ]
    /** The fetch loop hung and was abandoned; another one replaces it unless the worker is idle on purpose. */
    'fetch.stalled': [{ readonly sinceMs: number }]
  }
}
