import type { Clock } from '@taskflow/kernel'
import type { Chance } from './chance.ts'
import type { World } from './world.ts'

/**
 * One process of a run, which acts only when an event reaches it. A kill discards all later events, between any two
 * awaits; a freeze (SIGSTOP) delays them.
 */
export interface Host {
  readonly name: string
  /** The clock of the process: it may drift, and its time of day may jump. */
  readonly clock: Clock
  readonly isUp: boolean
  /** The time since the start of the process. */
  readonly ageMs: number
  /** Delivers an event after `afterMs`, unless the process has been killed by then. */
  receive(afterMs: number, event: () => void): void
  /** Kills the process as SIGKILL does. */
  kill(): void
  pause(ms: number): void
  jumpClock(ms: number): void
}

// The start of every run, by the database's clock.
export const BEGINNING = new Date('2026-01-05T12:00:00Z')

// The maximum delay of a timer on a busy machine.
const LATE_MS = 3

interface Options {
  readonly world: World
  readonly chance: Chance
  readonly name: string
  /** The speed of the clock; quartz is wrong by less than one part in a thousand. */
  readonly rate: number
  readonly skewMs: number
}

export function newHost({ world, chance, name, rate, skewMs }: Options): Host {
  let isUp = true
  let pausedUntilMs = 0
  let jumpedMs = skewMs
  const startedMs = world.nowMs

  const monotonicMs = (): number => (world.nowMs - startedMs) * rate

  function receive(afterMs: number, event: () => void): void {
    world.after(afterMs, () => {
      if (!isUp) return
      // After a freeze, due timers and waiting messages come in any order.
      if (world.nowMs < pausedUntilMs) receive(pausedUntilMs - world.nowMs + chance.next(), event)
      else event()
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
