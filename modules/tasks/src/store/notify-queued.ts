import type { Events } from '@taskflow/kernel'
import type { Dispatch } from '../dispatch/broker.ts'

/** Publishes the dispatches of tasks that have just become queued. */
export type NotifyQueued = (dispatches: readonly Dispatch[]) => void

/**
 * Called after the commit: the tasks stay stored, so a listener that throws loses dispatches, and the verb still succeeds.
 * The error is not rethrown, since a caller would then store the batch again.
 */
export function queuedNotifier(onQueued: NotifyQueued, events: Events): NotifyQueued {
  return (dispatches) => {
    if (dispatches.length === 0) return
    try {
      onQueued(dispatches)
    } catch (error) {
      events.emit('dispatches.dropped', { count: dispatches.length, error })
    }
  }
}
