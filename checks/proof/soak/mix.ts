/**
 * Determines each submission by its number in the run: most are plain, and some have each option that writes more than
 * a plain task. Nothing is random, so that all minutes of a run are alike.
 */

/** Times are of the machine's monotonic clock, which all processes of a run share. */
export interface SoakPayload {
  /** The time at which the submitting call began. */
  readonly at: number
  /** The delay until the task is due. */
  readonly delayMs: number
}

export interface SoakTask {
  readonly type: string
  readonly delayMs?: number
  readonly retentionMs?: number
  readonly maxAttempts?: number
  readonly priority?: 'high' | 'low'
  readonly labels?: Readonly<Record<string, string>>
}

export interface Submission {
  readonly task: SoakTask
  readonly key?: string
  /** Whether it is sent twice, as by a caller that received no answer. */
  readonly isRepeated?: boolean
  /** The delay of the cancel after the submission was accepted. */
  readonly cancelAfterMs?: number
}

const LONGEST_DELAY_MS = 30_000
const CANCEL_AFTER_MS = 2_000
// A third of the tasks expires within the run; the others are kept for the default week.
const SHORT_RETENTION_MS = 60_000

/** Visits all places of a hundred in a mixed order. */
const STEP = 37

export function submissionAt(n: number): Submission {
  const place = (n * STEP) % 100
  const { task, ...rest } = ofPlace(place, n)
  const priority = n % 20 === 7 ? 'high' : n % 20 === 13 ? 'low' : undefined
  return {
    ...rest,
    task: { ...task, ...(n % 3 === 0 && { retentionMs: SHORT_RETENTION_MS }), ...(priority && { priority }) },
  }
}

function ofPlace(place: number, n: number): Submission {
  if (place < 70) return { task: { type: 'soak.plain' } }
  if (place < 80) return { task: { type: 'soak.plain', labels: { customer: `c-${n % 1_000}` } } }
  if (place < 85) return { task: { type: 'soak.plain', delayMs: 1_000 + ((n * 7_919) % (LONGEST_DELAY_MS - 1_000)) } }
  if (place < 89) return { task: { type: 'soak.fails-once', maxAttempts: 3 } }
  if (place < 92) return { task: { type: 'soak.reports-progress' } }
  if (place < 95) return { task: { type: 'soak.logs' } }
  if (place < 98) {
    const key = `soak-${n}`
    return { key, isRepeated: n % 2 === 0, task: { type: 'soak.plain', labels: { 'idempotency-key': key } } }
  }
  if (place < 99) return { cancelAfterMs: CANCEL_AFTER_MS, task: { type: 'soak.plain', delayMs: LONGEST_DELAY_MS } }
  return { task: { type: 'soak.fails', maxAttempts: 1 } }
}
