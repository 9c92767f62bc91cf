import type { Verdict } from './attempt-outcome.ts'
import type { Lane } from './ports/database.ts'
import type { WorkerId } from './task.ts'

/**
 * What happened in this process, for anyone who cares: metrics, the process's
 * own log, and tests, which wait for the event an operator would see. A task's
 * own history is not here but in `history.ts`.
 */
export interface TaskFlowEvents {
  'tasks.submitted': [{ readonly type: string; readonly queue: string; readonly count: number }]
  /** How long each had waited since it was ready. */
  'tasks.claimed': [{ readonly queue: string; readonly waitedMs: readonly number[] }]
  /** Attempts of one type that came to the same end; one duration for each. */
  'tasks.settled': [
    {
      readonly type: string
      readonly queue: string
      readonly verb: Verdict['verb']
      readonly durationsMs: readonly number[]
    },
  ]
  'task.cancelled': [{ readonly id: string }]
  'task.redriven': [{ readonly id: string }]
  'task.edited': [{ readonly id: string }]
  'lease.lost': [{ readonly taskId: string; readonly leaseId: string; readonly attempt: number }]
  'tasks.promoted': [{ readonly count: number }]
  'tasks.expired': [{ readonly count: number }]
  'tasks.rescued': [{ readonly count: number; readonly quarantined: number }]
  'worker.registered': [{ readonly id: WorkerId }]
  'worker.heartbeat': [{ readonly id: WorkerId; readonly running: number; readonly loopLagMs: number }]
  /** Its lease of life was lost; it carries on under a new id. */
  'worker.replaced': [{ readonly id: WorkerId; readonly by: WorkerId }]
  'worker.buried': [{ readonly id: WorkerId }]
  'worker.stopped': [{ readonly id: WorkerId; readonly released: number }]
  /** A thread or process of handlers ended against its will. */
  'runner.crashed': [
    { readonly placement: 'shared' | 'thread' | 'process'; readonly reason: string; readonly attempts: number },
  ]
  'batch.left': [{ readonly lane: Lane; readonly size: number }]
  'partitions.dropped': [{ readonly names: readonly string[] }]
  /** This process leads, or does so no more. A term is one leader's, and never comes again. */
  'leader.elected': [{ readonly term: number }]
  'leader.lost': [{ readonly term: number; readonly reason: 'expired' | 'replaced' | 'resigned' }]
  /** The broker does not answer; this process takes from the database meanwhile. */
  'broker.lost': [{ readonly broker: string; readonly error: unknown }]
  'broker.returned': [{ readonly broker: string }]
  /** The broker did not hear what became of a delivery; it may give it once more, which the claim makes harmless. */
  'acknowledgement.lost': [{ readonly broker: string; readonly error: unknown }]
  'dispatches.published': [{ readonly count: number }]
  /** They were not told to the broker; the reconciler will. */
  'dispatches.dropped': [{ readonly count: number; readonly error: unknown }]
  /** Queued tasks of which the broker had no word were told to it again. */
  'dispatches.reconciled': [{ readonly count: number }]
  'database.lost': [{ readonly database: 'primary' | 'replica' }]
  'database.returned': [{ readonly database: 'primary' | 'replica' }]
  /** The fetch loop did not come back from where it was, and was given up: another follows, unless the worker rests. */
  'fetch.stalled': [{ readonly sinceMs: number }]
  'round.succeeded': [{ readonly service: string; readonly durationMs: number }]
  'round.failed': [{ readonly service: string; readonly error: unknown }]
}

/** A typed emitter; Node's `EventEmitter<TaskFlowEvents>` is one. */
export interface Events {
  emit<Name extends keyof TaskFlowEvents>(name: Name, ...detail: TaskFlowEvents[Name]): boolean
  on<Name extends keyof TaskFlowEvents>(name: Name, listener: (...detail: TaskFlowEvents[Name]) => void): unknown
  off<Name extends keyof TaskFlowEvents>(name: Name, listener: (...detail: TaskFlowEvents[Name]) => void): unknown
}
