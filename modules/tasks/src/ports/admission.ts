import type { Queryable } from '@taskflow/database'
import type { TaskFlowError } from '@taskflow/kernel'
import type { Submission } from './task-store.ts'

/**
 * A room's part in the admission port: it sees each batch of submissions right before the insert, from every route (the
 * API, NDJSON, the direct client), and answers for each submission.
 *
 * With no admitter listed, a submission takes the same path and runs the same statements as without this port.
 */
export interface Admitter {
  /** The name of the room. */
  readonly name: string
  /**
   * Resolves with one answer for each submission, in their order: the submission itself where the room wants nothing of
   * it; another one to store in its place, with fields set (`waitingGate`, `linked`, `options`) or tasks replaced; or an
   * error that refuses this submission alone.
   *
   * A submission with an idempotency key that was used before is asked about as well; its answer is dropped, and the
   * caller gets the first reply again.
   *
   * @param db runs the insert too; no transaction spans both unless the caller opened one
   */
  admit(submissions: readonly Submission[], db: Queryable): Promise<readonly (Submission | TaskFlowError)[]>
}

declare module '@taskflow/room' {
  interface Ports {
    readonly admission?: Admitter
  }
}
