import type { ProgressEntry } from '../protocol.ts'
import { clip, storable } from './text.ts'

// A person cannot follow more than four updates a second, and each update writes a row.
const INTERVAL_MS = 250
const MESSAGE_BYTES = 1_024

type Entry = Omit<ProgressEntry, 'key'>

export interface ProgressGate {
  show(percent: number, message?: string): void
  /** Writes the last update at once, because the attempt has ended. */
  close(): void
}

/** Limits the rate of the progress updates of one attempt. The last update is always written. */
export function progressGate(write: (entry: Entry) => void): ProgressGate {
  let waiting: Entry | undefined
  let timer: NodeJS.Timeout | undefined

  function writeWaiting(): void {
    timer = undefined
    if (!waiting) return
    write(waiting)
    waiting = undefined
    timer = setTimeout(writeWaiting, INTERVAL_MS)
  }

  return {
    show(percent, message) {
      if (!Number.isFinite(percent))
        throw new TypeError(`Expected \`percent\` to be a number from 0 to 100, got ${percent}`)
      waiting = {
        percent: Math.min(100, Math.max(0, percent)),
        message: message === undefined ? null : clip(storable(String(message)), MESSAGE_BYTES),
      }
      if (!timer) writeWaiting()
    },
    close() {
      clearTimeout(timer)
      if (waiting) write(waiting)
    },
  }
}
