import type { Clock } from '@taskflow/kernel'

interface Deps {
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Attempts that have ended so far. */
  ended(): number
}

// More is no cheaper by the row, and lies longer in one worker's hands.
const MAX_AHEAD = 900
// Where hands were empty when the claim came, they might have done more than they did.
const MARGIN = { busy: 1.5, starved: 4 } as const
// What was learned at the last claim is worth nothing after this: what runs has become slower since.
const FORGET_MS = 100

interface EndedClaim {
  readonly tookMs: number
  /** It brought as many tasks as it asked for. */
  readonly wasFull: boolean
  /** Nothing was left to do when it came. */
  readonly wasStarved: boolean
}

/**
 * How many tasks to hold beyond those that run, so that slots need not stand empty while the next claim is under way:
 * as many as end in the time that a claim takes (Little's law, by the pace since the claim before). Tasks that take
 * a second are not worth one; of tasks that take a few microseconds hundreds pass meanwhile.
 *
 * None after a claim that was not full: it has emptied the line, and by the time that others come, which may be tasks
 * of another kind, the pace is an old one.
 */
export interface Pace {
  /** Called when a claim has ended. */
  onClaimed(claim: EndedClaim): void
  readonly ahead: number
}

export function pace({ clock, ended }: Deps): Pace {
  let countedAt = clock.monotonicMs()
  let counted = 0
  let ahead = 0

  return {
    onClaimed({ tookMs, wasFull, wasStarved }) {
      const now = clock.monotonicMs()
      const perMs = (ended() - counted) / Math.max(now - countedAt, 1)
      countedAt = now
      counted = ended()
      const margin = wasStarved ? MARGIN.starved : MARGIN.busy
      ahead = wasFull ? Math.min(Math.floor(perMs * tookMs * margin), MAX_AHEAD) : 0
    },
    get ahead() {
      return clock.monotonicMs() - countedAt < FORGET_MS ? ahead : 0
    },
  }
}
