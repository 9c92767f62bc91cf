import type { Events } from '@taskflow/kernel'
import type { Dispatch } from '../dispatch/broker.ts'

/** Passes word of tasks that have just become queued. */
export type TellQueued = (dispatches: readonly Dispatch[]) => void

/**
 * Called after the commit: what was stored stays stored, so a listener that throws costs the word, never the verb.
 * Thrown further, the word of a batch that was stored would have it stored again.
 */
export function queuedTeller(onQueued: TellQueued, events: Events): TellQueued {
  return (dispatches) => {
    if (dispatches.length === 0) return
    try {
      onQueued(dispatches)
    } catch (error) {
      events.emit('dispatches.dropped', { count: dispatches.length, error })
    }
  }
}
