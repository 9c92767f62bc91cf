import { type Clock, hasCode } from '@taskflow/kernel'

interface Options {
  readonly clock: Clock
  /** Once aborted, the next failure is final. */
  readonly signal: AbortSignal
  onError(error: unknown): void
  /** How often a refusal is answered by another try, this one counted. */
  readonly tries?: number
}

const PAUSE_MS = { first: 50, last: 2_000 } as const
// A deadlock or a dropped plan is gone the next time; a value the database refuses is not.
const TRIES = 3

/** Pauses that grow while something fails, and begin anew once it works. */
export function growingPause() {
  let nextMs: number = PAUSE_MS.first
  return {
    reset() {
      nextMs = PAUSE_MS.first
    },
    next() {
      const ms = nextMs
      nextMs = Math.min(nextMs * 2, PAUSE_MS.last)
      return ms
    },
  }
}

/** Repeats what the database could not do: for as long as it is away, and a few times whatever it says. */
export async function keepTrying<Result>(
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
