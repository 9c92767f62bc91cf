/**
 * Loaded before everything else (`--import`) into each TaskFlow process of a run, its threads and its runners: its wall clock is what a
 * file says. Only `Date` is wrong, as on a machine whose clock was set; monotonic time goes on as it does.
 */
import { readFileSync } from 'node:fs'

/** How wrong a clock is. */
export interface WrongClock {
  /** The true time from which on it is. */
  readonly sinceMs: number
  /** At once. */
  readonly jumpMs: number
  /** By which it goes too fast, or too slow, from then on: milliseconds in each second. */
  readonly driftMsPerSecond: number
}

// How soon a process follows its file.
const LOOK_MS = 200

const file = process.env.CHAOS_CLOCK_FILE
if (file !== undefined) followFile(file)

function followFile(path: string): void {
  const TrueDate = Date
  const trueNow = Date.now
  let wrong: WrongClock | undefined

  const look = (): void => {
    const text = readFileSync(path, 'utf8')
    // Empty while it is being written, too.
    wrong = text === '' ? undefined : (JSON.parse(text) as WrongClock)
  }
  const now = (): number => {
    const trueMs = trueNow()
    if (!wrong) return trueMs
    return Math.floor(trueMs + wrong.jumpMs + ((trueMs - wrong.sinceMs) * wrong.driftMsPerSecond) / 1_000)
  }

  TrueDate.now = now
  // A proxy, so that whatever was or is made by either is an instance of both.
  globalThis.Date = new Proxy(TrueDate, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: () => new TrueDate(now()).toString(),
  })
  look()
  setInterval(look, LOOK_MS).unref()
}
