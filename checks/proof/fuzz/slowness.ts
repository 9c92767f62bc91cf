import type { Complaint } from './area.ts'
import type { Parser } from './parsers.ts'

export interface LongText {
  readonly before: string
  readonly pump: string
  readonly after: string
}

const LONG = 32_000
const SHARE = 4

// A parser that reads the long text in this time is fast enough.
const QUICK_MS = 150

// Four times the text may take four times as long; a quadratic parser takes sixteen times.
const TOO_STEEP = 9

/**
 * Checks whether the time of a parser grows faster than the text. Measures processor time, which other processes do not
 * affect.
 */
export function slowness({ read }: Parser, { before, pump, after }: LongText): Complaint {
  const textOf = (length: number): string => before + pump.repeat(Math.ceil(length / pump.length)) + after
  const msOf = (text: string): number => {
    const { user } = process.cpuUsage()
    try {
      read(text)
    } catch {
      // A refusal takes time as well.
    }
    return (process.cpuUsage().user - user) / 1_000
  }
  const longMs = msOf(textOf(LONG))
  if (longMs < QUICK_MS) return undefined
  const steepness = longMs / Math.max(1, msOf(textOf(LONG / SHARE)))
  if (steepness < TOO_STEEP) return undefined
  return `takes ${Math.round(longMs)} ms for ${LONG} characters, ${steepness.toFixed(1)} times as long as for a quarter of them`
}
