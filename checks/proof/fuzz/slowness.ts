import type { Complaint } from './area.ts'
import type { Parser } from './parsers.ts'

export interface LongText {
  readonly before: string
  readonly pump: string
  readonly after: string
}

const LONG = 32_000
const SHARE = 4

// Whatever reads so much in this time is fast enough, whatever its shape.
const QUICK_MS = 150

// Four times the text may take four times as long; the square of it takes sixteen times.
const TOO_STEEP = 9

/** Whether the time a text takes grows faster than the text. Counted in time of the processor, so that a busy machine does not matter. */
export function slowness({ read }: Parser, { before, pump, after }: LongText): Complaint {
  const textOf = (length: number): string => before + pump.repeat(Math.ceil(length / pump.length)) + after
  const msOf = (text: string): number => {
    const { user } = process.cpuUsage()
    try {
      read(text)
    } catch {
      // Refusing takes its time as well.
    }
    return (process.cpuUsage().user - user) / 1_000
  }
  const longMs = msOf(textOf(LONG))
  if (longMs < QUICK_MS) return undefined
  const steepness = longMs / Math.max(1, msOf(textOf(LONG / SHARE)))
  if (steepness < TOO_STEEP) return undefined
  return `takes ${Math.round(longMs)} ms for ${LONG} characters, ${steepness.toFixed(1)} times as long as for a quarter of them`
}
