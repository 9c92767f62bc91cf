import type { QueueTally } from '@taskflow/fleet'
import { isFinished, TRANSITIONS, type Verdict } from '@taskflow/tasks'

/** Counts, by queue, the tasks that were settled between two heartbeats. Only verbs that finish a task count. */
export interface Tallies {
  count(queue: string, verb: Verdict['verb']): void
  /** Returns the counts and starts again at zero. */
  take(): readonly QueueTally[]
  /** Adds back counts that a failed heartbeat did not deliver. */
  restore(taken: readonly QueueTally[]): void
}

type Counts = { -readonly [Key in keyof Omit<QueueTally, 'queue'>]: number }

export function tallies(): Tallies {
  let queues = new Map<string, Counts>()

  function countsOf(queue: string): Counts {
    const known = queues.get(queue)
    if (known) return known
    const counts = { succeeded: 0, failed: 0, cancelled: 0 }
    queues.set(queue, counts)
    return counts
  }

  return {
    count(queue, verb) {
      const state = TRANSITIONS[verb].to
      if (isFinished(state)) countsOf(queue)[state]++
    },
    take() {
      const taken = [...queues].map(([queue, counts]) => ({ queue, ...counts }))
      queues = new Map()
      return taken
    },
    restore(taken) {
      for (const { queue, succeeded, failed, cancelled } of taken) {
        const counts = countsOf(queue)
        counts.succeeded += succeeded
        counts.failed += failed
        counts.cancelled += cancelled
      }
    },
  }
}
