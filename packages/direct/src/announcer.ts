import type { Clock, Events } from '@taskflow/kernel'
import { type Broker, type Dispatch, publisher } from '@taskflow/tasks'
import type { CallerTransaction } from './caller-transaction.ts'

interface Deps {
  readonly broker: Pick<Broker, 'name' | 'publish'>
  readonly clock: Clock
  readonly events: Events
}

/** Tells a broker what was stored: at once, or, of a caller's transaction, when the caller says that it has committed. */
export interface Announcer {
  tell(dispatches: readonly Dispatch[]): void
  keep(tx: CallerTransaction, dispatches: readonly Dispatch[]): void
  tellKept(tx: CallerTransaction): void
  close(): Promise<void>
}

// A connection whose commits are never told of must not hold ever more. What is left out the reconciler finds.
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
