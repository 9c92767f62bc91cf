import type { TaskFlowApiError } from './errors.ts'

const BASE_MS = 200
const MAX_MS = 5_000
// A caller is better served by the error than by a longer wait.
const LONGEST_RETRY_AFTER_MS = 60_000

const TRANSIENT_STATUSES: readonly (number | undefined)[] = [408, 429, 502, 503, 504]

/** Returns how long to wait before the next try, in milliseconds, or undefined when a retry cannot help. */
export function delayBeforeRetryMs(error: TaskFlowApiError, retry: number, random: () => number): number | undefined {
  const isTransient = error.code === 'SERVER_UNREACHABLE' || TRANSIENT_STATUSES.includes(error.status)
  if (!isTransient) return undefined
  if (error.retryAfterMs === undefined) return Math.round(random() * Math.min(MAX_MS, BASE_MS * 2 ** retry))
  if (error.retryAfterMs > LONGEST_RETRY_AFTER_MS) return undefined
  // A random addition, so that clients which received the same `Retry-After` do not return at the same moment.
  return error.retryAfterMs + Math.round(random() * BASE_MS)
}

/** Returns the delay of a `Retry-After` header (seconds, or an HTTP date) in milliseconds. */
export function parseRetryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - nowMs
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
