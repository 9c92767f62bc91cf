import type { Clock } from '@taskflow/kernel'
import type { Chance } from './chance.ts'
import type { World } from './world.ts'

/**
 * One process, as the world sees it: it does something only when something reaches it. So to kill it is to let nothing reach it
 * any more, between any two of its awaits; and to stop it (SIGSTOP) is to keep back what would.
 */
export interface Host {
  readonly name: string
  /** Its own: it may go wrong, and the time of day may jump. */
  readonly clock: Clock
  readonly isUp: boolean
  /** For how long it has been there. */
  readonly ageMs: number
  /** Has it go on then, unless it is dead by then. */
  receive(afterMs: number, goOn: () => void): void
  /** SIGKILL. */
  kill(): void
  pause(ms: number): void
  jumpClock(ms: number): void
}

// The moment at which every run begins, by the database's clock.
export const BEGINNING = new Date('2026-01-05T12:00:00Z')

// How late a timer may be on a machine that has other work.
const LATE_MS = 3

interface Options {
  readonly world: World
  readonly chance: Chance
  readonly name: string
  /** What a second of this clock is in true seconds: quartz is wrong by less than one part in a thousand. */
  readonly rate: number
  readonly skewMs: number
}

export function newHost({ world, chance, name, rate, skewMs }: Options): Host {
  let isUp = true
  let pausedUntilMs = 0
  let jumpedMs = skewMs
  const startedMs = world.nowMs

  const monotonicMs = (): number => (world.nowMs - startedMs) * rate

  function receive(afterMs: number, goOn: () => void): void {
    world.after(afterMs, () => {
      if (!isUp) return
      // Thawed, it finds timers due and messages there in no order of their own.
      if (world.nowMs < pausedUntilMs) receive(pausedUntilMs - world.nowMs + chance.next(), goOn)
      else goOn()
    })
  }

  const clock: Clock = {
    now: () => new Date(BEGINNING.getTime() + world.nowMs + jumpedMs),
    monotonicMs,
    sleep(ms, signal) {
      return new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        let isAwake = false
        const wake = (): void => {
          if (isAwake) return
          isAwake = true
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        receive(Math.max(0, ms) / rate + chance.next() * LATE_MS, wake)
        signal?.addEventListener('abort', wake, { once: true })
      })
    },
  }

  return {
    name,
    clock,
    get isUp() {
      return isUp
    },
    get ageMs() {
      return world.nowMs - startedMs
    },
    receive,
    kill() {
      isUp = false
    },
    pause(ms) {
      pausedUntilMs = Math.max(pausedUntilMs, world.nowMs + ms)
    },
    jumpClock(ms) {
      jumpedMs += ms
    },
  }
}
