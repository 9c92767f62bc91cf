import type { Chance } from './chance.ts'
import type { Host } from './host.ts'

/** How unreliable the network is, as probabilities. */
export interface Weather {
  /** The share of failing statements and calls to the broker. */
  readonly failing: number
  /** The share of notifications that are lost, duplicated or late. */
  readonly notificationsLost: number
}

export const CALM: Weather = { failing: 0, notificationsLost: 0 }

/**
 * The fate of one call to a server. A caller without an answer does not know whether the call was done, was not done,
 * or will be done after the caller has given up.
 */
export type Fate =
  | { readonly kind: 'answered'; readonly outMs: number; readonly backMs: number }
  | { readonly kind: 'never sent'; readonly refusedMs: number }
  | { readonly kind: 'done, not answered'; readonly outMs: number; readonly refusedMs: number }

// A silent connection is closed after the timeout of its lane.
export const PATIENCE_MS = 7_000
const USUAL_MS = 1.5
const SLOW_SHARE = 0.03
const SLOW_MS = 150

/** Draws the fates of calls. */
export interface Network {
  weather: Weather
  fate(): Fate
  /** Drops everything that a process sends or should receive, without an error. */
  cut(host: Host): void
  restore(host: Host): void
  isCut(host: Host): boolean
  /** Returns the delays of the copies of a notification; none where it is lost. */
  copies(): readonly number[]
}

export function newNetwork(chance: Chance, beginning: Weather): Network {
  let weather = beginning
  const cutOff = new Set<Host>()
  const delay = (): number => (chance.happens(SLOW_SHARE) ? chance.next() * SLOW_MS : chance.next() * USUAL_MS)
  return {
    get weather() {
      return weather
    },
    set weather(next) {
      weather = next
    },
    fate() {
      if (!chance.happens(weather.failing)) return { kind: 'answered', outMs: delay(), backMs: delay() }
      const refusedMs = chance.pick([delay(), delay(), PATIENCE_MS])
      if (chance.happens(0.3)) return { kind: 'never sent', refusedMs }
      // At most twice the wait of the caller: a call may be done long after the caller has given up.
      return { kind: 'done, not answered', outMs: chance.next() * 2 * refusedMs, refusedMs }
    },
    cut: (host) => void cutOff.add(host),
    restore: (host) => void cutOff.delete(host),
    isCut: (host) => cutOff.has(host),
    copies() {
      if (!chance.happens(weather.notificationsLost)) return [delay()]
      return chance.pick([[], [], [delay(), chance.next() * 1_000], [chance.next() * 3_000]])
    },
  }
}
