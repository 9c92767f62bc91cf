import type { Clock, Events } from '@taskflow/kernel'
import { type Broker, type Dispatch, publisher } from '@taskflow/tasks'
import type { CallerTransaction } from './caller-transaction.ts'

interface Deps {
  readonly broker: Pick<Broker, 'name' | 'publish'>
  readonly clock: Clock
  readonly events: Events
}

/**
 * Publishes the dispatches of stored tasks: at once, or, in a caller's transaction, when the caller reports the commit.
 */
export interface Announcer {
  /** Publishes the dispatches now. */
  tell(dispatches: readonly Dispatch[]): void
  /** Keeps the dispatches until `tellKept` is called for the transaction. */
  keep(tx: CallerTransaction, dispatches: readonly Dispatch[]): void
  /** Publishes the dispatches that were kept for the transaction. */
  tellKept(tx: CallerTransaction): void
  close(): Promise<void>
}

// Bounds the memory of a connection whose commits are never reported. The reconciler publishes the tasks that are left
// out.
const MAX_KEPT = 10_000

export function announcer(deps: Deps): Announcer {
  const { publish, stop } = publisher(deps)
  const kept = new WeakMap<CallerTransaction, readonly Dispatch[]>()
  return {
    tell: publish,
    keep(tx, dispatches) {
      kept.set(tx, [...(kept.get(tx) ?? []), ...dispatches].slice(-MAX_KEPT))
    },
    tellKept(tx) {
      publish(kept.get(tx) ?? [])
      kept.delete(tx)
    },
    close: stop,
  }
}
