import { type Clock, hasCode } from '@taskflow/kernel'
import type { Database } from './database.ts'
import { requireWrites } from './require-writes.ts'

interface Options {
  /** Address of the database. Only its host and port are reported, never its password. */
  readonly url: string
  readonly waitMs: number
  readonly clock: Clock
  /** Called at once and then every five seconds with a sentence that names the host and the reason. */
  onWait(sentence: string): void
}

const PAUSE_MS = 500
const REPORT_MS = 5_000

/**
 * Resolves when the database accepts writes. For a process that may start before its database.
 *
 * @throws DATABASE_UNAVAILABLE if the database has not accepted writes after `waitMs` milliseconds. Throws any other error,
 * such as a wrong password, at once, because waiting does not fix it
 */
export async function waitForDatabase(db: Database, { url, waitMs, clock, onWait }: Options): Promise<void> {
  const deadlineMs = clock.monotonicMs() + waitMs
  let reportAtMs = clock.monotonicMs()
  for (;;) {
    try {
      await requireWrites(db)
      return
    } catch (error) {
      const nowMs = clock.monotonicMs()
      if (!hasCode(error, 'DATABASE_UNAVAILABLE') || nowMs >= deadlineMs) throw error
      if (nowMs >= reportAtMs) {
        onWait(`Waiting for PostgreSQL at ${new URL(url).host} (${reasonOf(error)})`)
        reportAtMs = nowMs + REPORT_MS
      }
      await clock.sleep(Math.min(PAUSE_MS, deadlineMs - nowMs))
    }
  }
}

// If a host name has several addresses, the driver throws one error for all, which has a code but no message.
function reasonOf(error: Error): string {
  const { message, code } = (error.cause ?? error) as { message?: string; code?: string }
  return message || code || 'no answer'
}
