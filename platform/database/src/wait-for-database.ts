import { type Clock, hasCode } from '@taskflow/kernel'
import type { Database } from './database.ts'
import { ping } from './statements/ping.ts'

interface Options {
  /** Of the database; what it says beyond host and port is kept to oneself. */
  readonly url: string
  readonly waitMs: number
  readonly clock: Clock
  /** Told at once and then every few seconds where is waited for what, in a sentence. */
  onWait(sentence: string): void
}

const PAUSE_MS = 500
const TELL_MS = 5_000

/**
 * Resolves when the database answers, for a process that starts beside it.
 *
 * @throws DATABASE_UNAVAILABLE when it does not in all that time, and whatever else it says at once: a wrong password
 * does not mend itself
 */
export async function waitForDatabase(db: Database, { url, waitMs, clock, onWait }: Options): Promise<void> {
  const deadlineMs = clock.monotonicMs() + waitMs
  let tellAtMs = clock.monotonicMs()
  for (;;) {
    try {
      await db.run(ping, [])
      return
    } catch (error) {
      const nowMs = clock.monotonicMs()
      if (!hasCode(error, 'DATABASE_UNAVAILABLE') || nowMs >= deadlineMs) throw error
      if (nowMs >= tellAtMs) {
        onWait(`Waiting for PostgreSQL at ${new URL(url).host} (${reasonOf(error)})`)
        tellAtMs = nowMs + TELL_MS
      }
      await clock.sleep(Math.min(PAUSE_MS, deadlineMs - nowMs))
    }
  }
}

/** Where a name has several addresses, what each said is one error without words of its own. */
function reasonOf({ cause }: Error): string {
  const { message, code } = (cause ?? {}) as { message?: string; code?: string }
  return message || code || 'no answer'
}
