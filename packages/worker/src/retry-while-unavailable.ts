import { type Clock, hasCode } from '@taskflow/kernel'
import { growingPause } from './growing-pause.ts'

interface Options {
  readonly clock: Clock
  /** Once aborted, the next failure is final. */
  readonly signal: AbortSignal
  onError(error: unknown): void
  /** Maximum number of tries that the database answers with another error than its unavailability. */
  readonly tries?: number
}

// A deadlock or an invalidated plan does not recur at the next try; a value that the database refuses does.
const TRIES = 3

/** Repeats a database call while the database is unavailable, and a few times after any other error. */
export async function retryWhileUnavailable<Result>(
  work: () => Promise<Result>,
  { clock, signal, onError, tries = TRIES }: Options,
): Promise<Result> {
  const pause = growingPause()
  for (let refusals = 0; ; ) {
    try {
      return await work()
    } catch (error) {
      onError(error)
      if (!hasCode(error, 'DATABASE_UNAVAILABLE')) refusals++
      if (signal.aborted || refusals >= tries) throw error
      await clock.sleep(pause.next(), signal)
    }
  }
}
