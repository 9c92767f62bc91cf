import type { Transaction } from '@taskflow/database'
import type { TaskId } from '../domain/task.ts'
import type { FinishedState } from '../domain/task-state.ts'

/**
 * The end port. Every statement that ends a task whose `linked` is true stores one notice for each consumer, so a notice
 * exists exactly when the end is committed. The consumer acts on the end: it reads its notices in batches.
 */
export interface EndConsumer {
  /** Names the notices that are stored for this consumer. Never reused for another one. */
  readonly consumer: string
}

export interface Notice {
  /** Ascends with the moment at which the notice was stored, up to concurrent transactions. */
  readonly id: number
  readonly project: string
  readonly taskId: TaskId
  readonly kind: `task.${FinishedState}`
  readonly at: Date
}

export interface NoticeStore {
  /**
   * Calls `work` with up to `limit` notices of the consumer, oldest first, inside a
   * transaction that deletes these notices. The notices go exactly when what `work` wrote through `tx` is committed: if
   * it throws, or the process dies, another call gets them again. Notices that another call holds are skipped, so several
   * processes may consume at once. Resolves with the number of notices; without any, `work` is not called.
   */
  consumeNotices(
    consumer: string,
    limit: number,
    work: (notices: readonly Notice[], tx: Transaction) => Promise<void>,
  ): Promise<number>
}

declare module '@taskflow/room' {
  interface Ports {
    readonly end?: EndConsumer
  }
}
