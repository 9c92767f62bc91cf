import type { NewTask, TaskFlow } from '@taskflow/sdk'
import { insist } from '@taskflow/testing'

/** Resolves after that time: harm is done at a pace, whatever else happens. */
export const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

interface Submission {
  /** One for each submitter; each may call another API process. */
  readonly clients: readonly TaskFlow[]
  readonly count: number
  readonly chunkSize: number
  task(n: number): NewTask
  onAcknowledged?(acknowledged: number): void
}

const PATIENCE_MS = 60_000

/**
 * Submits tasks from several clients at once, each chunk with its own key until it is answered. Resolves with the ids
 * by number.
 */
export async function submitThroughHarm(submission: Submission): Promise<Map<number, string>> {
  const { clients, count, chunkSize, task, onAcknowledged = () => {} } = submission
  const acknowledged = new Map<number, string>()
  const starts = Array.from({ length: Math.ceil(count / chunkSize) }, (_, chunk) => chunk * chunkSize).values()

  async function submitter(client: TaskFlow): Promise<void> {
    for (const start of starts) {
      const numbers = Array.from({ length: Math.min(chunkSize, count - start) }, (_, index) => start + index)
      const ids = await insist({ apis: () => [client], timeoutMs: PATIENCE_MS }, () =>
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
