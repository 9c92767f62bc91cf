import type { NewTask, TaskFlow } from '@taskflow/sdk'

/** Until so much time has passed: harm is done at a pace, whatever else happens. */
export const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

interface Submission {
  /** Each submitter has a client of its own, say of one API process each. */
  readonly clients: readonly TaskFlow[]
  readonly count: number
  readonly chunkSize: number
  task(n: number): NewTask
  onAcknowledged?(acknowledged: number): void
}

/**
 * Submits tasks from several clients at once, each chunk under a key of its own and for as long as it takes: what a
 * careful caller does. Resolves with the ids by number.
 */
export async function submitThroughHarm(submission: Submission): Promise<Map<number, string>> {
  const { clients, count, chunkSize, task, onAcknowledged = () => {} } = submission
  const acknowledged = new Map<number, string>()
  const starts = Array.from({ length: Math.ceil(count / chunkSize) }, (_, chunk) => chunk * chunkSize).values()

  async function submitter(client: TaskFlow): Promise<void> {
    for (const start of starts) {
      const numbers = Array.from({ length: Math.min(chunkSize, count - start) }, (_, index) => start + index)
      const ids = await insist(() =>
        client.tasks.submitMany(numbers.map(task), { idempotencyKey: `chunk-${start}`, chunkSize }),
      )
      numbers.forEach((n, index) => {
        acknowledged.set(n, ids[index] as string)
      })
      onAcknowledged(acknowledged.size)
    }
  }

  await Promise.all(clients.map(submitter))
  return acknowledged
}

const PATIENCE_MS = 60_000
const PAUSE_MS = 200

/** A client gives up after a few tries; this caller does not. */
async function insist<Result>(call: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return await call()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await after(PAUSE_MS)
    }
  }
}
