import { InvalidArgumentError } from 'commander'

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

// Longer than any option accepts, and short enough that now plus this duration is still a valid Date.
const LONGEST_MS = 365_000 * UNIT_MS.d

type Unit = keyof typeof UNIT_MS

/**
 * Parses a duration such as `500ms`, `10s` or `1.5h` into milliseconds. Throws an error of commander for other text.
 */
export function parseDurationMs(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim()) ?? []
  if (amount === undefined) throw new InvalidArgumentError('Expected a duration such as 500ms, 10s, 5m, 2h or 1d.')
  const ms = Math.round(Number(amount) * UNIT_MS[unit as Unit])
  if (ms > LONGEST_MS) throw new InvalidArgumentError('Expected a duration of less than a thousand years.')
  return ms
}

/** Formats a duration in the largest unit that fits: `4s`, `12m`, `3d`. */
export function shortDuration(ms: number): string {
  const unit = (Object.keys(UNIT_MS) as Unit[]).findLast((each) => ms >= UNIT_MS[each]) ?? 'ms'
  return `${Math.floor(ms / UNIT_MS[unit])}${unit}`
}

/** Formats a time relative to now: `4s ago`, `in 12m`. */
export function fromNow(moment: string, nowMs = Date.now()): string {
  const ms = Date.parse(moment) - nowMs
  if (Math.abs(ms) < 1_000) return 'just now'
  return ms > 0 ? `in ${shortDuration(ms)}` : `${shortDuration(-ms)} ago`
}
