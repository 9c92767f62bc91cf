import type { TaskId, TaskState } from '@taskflow/tasks'

interface Seen {
  /** By one clock for all witnesses of a run: milliseconds from any start. */
  readonly atMs: number
}

interface AttemptSeen extends Seen {
  readonly taskId: string
  readonly leaseId: string
}

interface LeaderSeen extends Seen {
  /** Identifies the leading process; a restarted process has another identity. */
  readonly holder: string
  readonly term: number
}

/**
 * An observation from outside of TaskFlow: an answer that a caller got, a run of a handler, or a fault that a test injected.
 * The promises are checked against witnesses and the database together: neither alone distinguishes a lost task from one that
 * never existed.
 */
export type Witness =
  /** A caller was answered 2xx. */
  | (Seen & {
      readonly kind: 'submitted'
      readonly taskIds: readonly string[]
      /** The idempotency key, and what of the request must be alike. */
      readonly key?: string
      readonly requestHash?: string
      /** Within which the key counts; `default` when absent. */
      readonly project?: string
    })
  /** A handler began. */
  | (AttemptSeen & { readonly kind: 'started'; readonly attempt: number; readonly process: string })
  /** A handler returned; `result` is JSON text, or null where it threw. */
  | (AttemptSeen & { readonly kind: 'ended'; readonly attempt: number; readonly result: string | null })
  /** A handler's AbortSignal aborted; the reason is the name of the error that it was given. */
  | (AttemptSeen & { readonly kind: 'aborted'; readonly reason: string })
  /** A worker's report of an end was refused because it came too late. */
  | (AttemptSeen & { readonly kind: 'refused' })
  /** A caller who asked to cancel was answered 2xx with the task in this state. */
  | (Seen & { readonly kind: 'cancelled'; readonly taskId: TaskId; readonly state: TaskState })
  /** The claim of this lease was committed, as the database's own log says. */
  | (AttemptSeen & { readonly kind: 'claimed'; readonly workerId: string })
  /** A heartbeat was written. */
  | (Seen & { readonly kind: 'heartbeat'; readonly workerId: string })
  /** A worker was marked lost. */
  | (Seen & { readonly kind: 'lost'; readonly workerId: string })
  /** A coordinator began to lead. */
  | (LeaderSeen & { readonly kind: 'elected' })

export type WitnessOf<Kind extends Witness['kind']> = Extract<Witness, { kind: Kind }>
