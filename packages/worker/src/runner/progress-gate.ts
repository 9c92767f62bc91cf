import type { ProgressEntry } from '../protocol.ts'
import { clip, storable } from './text.ts'

// Four a second is as fast as a person can follow, and as often as a row is worth writing.
const INTERVAL_MS = 250
const MESSAGE_BYTES = 1_024

type Entry = Omit<ProgressEntry, 'key'>

export interface ProgressGate {
  show(percent: number, message?: string): void
  /** Lets the last word through at once: the attempt has ended. */
  close(): void
}

/** Thins out the progress of one attempt; the last word is always told. */
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
