import type { Chance } from './chance.ts'
import type { Host } from './host.ts'

/** How bad the network is: shares of 1. */
export interface Weather {
  /** Of statements and of calls to the broker that come to grief. */
  readonly failing: number
  /** Of wake-ups that are lost, doubled or late. */
  readonly wordLost: number
}

export const CALM: Weather = { failing: 0, wordLost: 0 }

/**
 * What becomes of one call to a server. A caller that hears nothing knows nothing: it may have been done, not be done, or be done
 * only after it was given up.
 */
export type Fate =
  | { readonly kind: 'answered'; readonly outMs: number; readonly backMs: number }
  | { readonly kind: 'never sent'; readonly refusedMs: number }
  | { readonly kind: 'done, not answered'; readonly outMs: number; readonly refusedMs: number }

// A connection that is silent is thrown away after the patience of its lane.
export const PATIENCE_MS = 7_000
const USUAL_MS = 1.5
const SLOW_SHARE = 0.03
const SLOW_MS = 150

/** Draws the fates of calls. */
export interface Network {
  weather: Weather
  fate(): Fate
  /** Nothing that a process sends arrives anywhere, nor anything for it, and it is not told. */
  cut(host: Host): void
  mend(host: Host): void
  isCut(host: Host): boolean
  /** How late each copy of a word arrives: none where it is lost. */
  copies(): readonly number[]
}

export function newNetwork(chance: Chance, beginning: Weather): Network {
  let weather = beginning
  const cutOff = new Set<Host>()
  const way = (): number => (chance.happens(SLOW_SHARE) ? chance.next() * SLOW_MS : chance.next() * USUAL_MS)
  return {
    get weather() {
      return weather
    },
    set weather(next) {
      weather = next
    },
    fate() {
      if (!chance.happens(weather.failing)) return { kind: 'answered', outMs: way(), backMs: way() }
      const refusedMs = chance.pick([way(), way(), PATIENCE_MS])
      if (chance.happens(0.3)) return { kind: 'never sent', refusedMs }
      // Twice as long as it was waited for, at most: it may be done when it was given up long ago.
      return { kind: 'done, not answered', outMs: chance.next() * 2 * refusedMs, refusedMs }
    },
    cut: (host) => void cutOff.add(host),
    mend: (host) => void cutOff.delete(host),
    isCut: (host) => cutOff.has(host),
    copies() {
      if (!chance.happens(weather.wordLost)) return [way()]
      return chance.pick([[], [], [way(), chance.next() * 1_000], [chance.next() * 3_000]])
    },
  }
}
