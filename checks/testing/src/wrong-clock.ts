/**
 * Sets the wall clock of a process by a file. Every TaskFlow process of a run, its threads and its runners load this
 * module first (`--import`). Only `Date` is wrong, as on a machine whose clock was set; monotonic time stays right.
 */
import { readFileSync } from 'node:fs'

/** The error of a clock. */
export interface WrongClock {
  /** The true time at which the error began. */
  readonly sinceMs: number
  readonly jumpMs: number
  /** Positive where the clock is fast, negative where it is slow. */
  readonly driftMsPerSecond: number
}

/** The address of this module, for `NODE_OPTIONS=--import=…`. */
export const WRONG_CLOCK = import.meta.url

// A process reads its file this often.
const POLL_MS = 200

const file = process.env.WRONG_CLOCK_FILE
if (file !== undefined) followFile(file)

function followFile(path: string): void {
  const TrueDate = Date
  const trueNow = Date.now
  let wrong: WrongClock | undefined

  const read = (): void => {
    const text = readFileSync(path, 'utf8')
    // The file is also empty while it is being written.
    wrong = text === '' ? undefined : (JSON.parse(text) as WrongClock)
  }
  const now = (): number => {
    const trueMs = trueNow()
    if (!wrong) return trueMs
    return Math.floor(trueMs + wrong.jumpMs + ((trueMs - wrong.sinceMs) * wrong.driftMsPerSecond) / 1_000)
  }

  TrueDate.now = now
  // With a proxy, dates of either constructor are instances of both.
  globalThis.Date = new Proxy(TrueDate, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    apply: () => new TrueDate(now()).toString(),
  })
  read()
  setInterval(read, POLL_MS).unref()
}
