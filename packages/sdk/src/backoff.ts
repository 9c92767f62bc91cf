import type { TaskFlowApiError } from './errors.ts'

const BASE_MS = 200
const MAX_MS = 5_000
// A server that wants us gone for longer than this is better reported than waited for.
const LONGEST_RETRY_AFTER_MS = 60_000

const PASSING_STATUSES: readonly (number | undefined)[] = [429, 502, 503, 504]

/** How long to wait before trying again; undefined when trying again is no use. */
export function delayBeforeRetryMs(error: TaskFlowApiError, retry: number, random: () => number): number | undefined {
  const isPassing = error.code === 'SERVER_UNREACHABLE' || PASSING_STATUSES.includes(error.status)
  if (!isPassing) return undefined
  if (error.retryAfterMs === undefined) return Math.round(random() * Math.min(MAX_MS, BASE_MS * 2 ** retry))
  if (error.retryAfterMs > LONGEST_RETRY_AFTER_MS) return undefined
  // A little past the moment, spread, so that all who were told the same moment do not return at once.
  return error.retryAfterMs + Math.round(random() * BASE_MS)
}

/** Of a `Retry-After` header: seconds, or an HTTP date. */
export function parseRetryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - nowMs
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
