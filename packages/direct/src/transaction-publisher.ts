import type { Dispatch, Publisher } from '@taskflow/tasks'
import type { CallerTransaction } from './caller-transaction.ts'

/**
 * Publishes what a caller's transaction has stored, when the caller reports that the transaction has committed.
 */
export interface TransactionPublisher {
  /** Keeps the dispatches of a transaction until it is published. */
  keep(tx: CallerTransaction, dispatches: readonly Dispatch[]): void
  /** Publishes what was kept of the transaction. */
  publish(tx: CallerTransaction): void
}

// Bounds the memory of a connection whose commits are never reported. The reconciler publishes what was left out.
const MAX_KEPT = 10_000

export function transactionPublisher({ publish }: Pick<Publisher, 'publish'>): TransactionPublisher {
  const kept = new WeakMap<CallerTransaction, readonly Dispatch[]>()
  return {
    keep(tx, dispatches) {
      kept.set(tx, [...(kept.get(tx) ?? []), ...dispatches].slice(-MAX_KEPT))
    },
    publish(tx) {
      publish(kept.get(tx) ?? [])
      kept.delete(tx)
    },
  }
}
