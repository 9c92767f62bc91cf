import type { Dispatch, Publisher } from '@taskflow/tasks'
import type { CallerTransaction } from './caller-transaction.ts'

/**
 * Publishes what a caller's transaction has stored, when the caller reports that the transaction has committed.
 */
export interface Announcer {
  /** Keeps the dispatches of a transaction until it is announced. */
  keep(tx: CallerTransaction, dispatches: readonly Dispatch[]): void
  /** Publishes what was kept of the transaction. */
  announce(tx: CallerTransaction): void
}

// Bounds the memory of a connection whose commits are never announced. The reconciler publishes what was left out.
const MAX_KEPT = 10_000

export function announcer({ publish }: Pick<Publisher, 'publish'>): Announcer {
  const kept = new WeakMap<CallerTransaction, readonly Dispatch[]>()
  return {
    keep(tx, dispatches) {
      kept.set(tx, [...(kept.get(tx) ?? []), ...dispatches].slice(-MAX_KEPT))
    },
    announce(tx) {
      publish(kept.get(tx) ?? [])
      kept.delete(tx)
    },
  }
}
