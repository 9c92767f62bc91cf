import type { QueueTally } from '@taskflow/fleet'
import type { Verdict } from '@taskflow/tasks'

/** Counts what was settled of each queue between two heartbeats. Only ends of tasks count. */
export interface Tallies {
  count(queue: string, verb: Verdict['verb']): void
  /** All counted so far; counting begins anew. */
  take(): readonly QueueTally[]
  /** Puts back what a failed heartbeat did not bring. */
  add(taken: readonly QueueTally[]): void
}

const OUTCOME_OF = { complete: 'succeeded', fail: 'failed', cancel: 'cancelled' } as const

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
      if (verb in OUTCOME_OF) countsOf(queue)[OUTCOME_OF[verb as keyof typeof OUTCOME_OF]]++
    },
    take() {
      const taken = [...queues].map(([queue, counts]) => ({ queue, ...counts }))
      queues = new Map()
      return taken
    },
    add(taken) {
      for (const { queue, succeeded, failed, cancelled } of taken) {
        const counts = countsOf(queue)
        counts.succeeded += succeeded
        counts.failed += failed
        counts.cancelled += cancelled
      }
    },
  }
}
