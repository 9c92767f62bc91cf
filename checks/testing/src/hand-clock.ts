import type { Clock } from '@taskflow/kernel'

/** A clock that stands still until it is moved by hand. */
export interface HandClock extends Clock {
  /** Moves on, waking each sleeper at its own moment, and lets what they do next happen. */
  advance(ms: number): Promise<void>
  /** Sets the time of day, also backwards; sleepers and durations do not notice. */
  setNow(now: Date): void
  /** How many sleep at the moment. */
  readonly sleepers: number
}

interface Sleeper {
  readonly wakeAt: number
  wake(): void
}

export function handClock(start: Date = new Date('2026-01-01T00:00:00Z')): HandClock {
  let dayMs = start.getTime()
  let elapsedMs = 0
  const sleepers = new Set<Sleeper>()

  function moveTo(atMs: number): void {
    dayMs += atMs - elapsedMs
    elapsedMs = atMs
  }

  function nextBefore(endMs: number): Sleeper | undefined {
    const due = [...sleepers].filter(({ wakeAt }) => wakeAt <= endMs)
    return due.sort((a, b) => a.wakeAt - b.wakeAt)[0]
  }

  return {
    now: () => new Date(dayMs),
    monotonicMs: () => elapsedMs,
    sleep(ms, signal) {
      return new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const sleeper: Sleeper = {
          wakeAt: elapsedMs + Math.max(0, ms),
          wake() {
            sleepers.delete(sleeper)
            signal?.removeEventListener('abort', sleeper.wake)
            resolve()
          },
        }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', sleeper.wake, { once: true })
      })
    },
    async advance(ms) {
      const endMs = elapsedMs + ms
      await settled()
      for (let next = nextBefore(endMs); next; next = nextBefore(endMs)) {
        moveTo(next.wakeAt)
        next.wake()
        await settled()
      }
      moveTo(endMs)
    },
    setNow(now) {
      dayMs = now.getTime()
    },
    get sleepers() {
      return sleepers.size
    },
  }
}

/** Lets everything happen that is ready to happen now. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
