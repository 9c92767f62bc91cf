import type { Clock } from '@taskflow/kernel'
import type { LineConsumer } from './line-consumer.ts'

// A worker with free slots takes again within milliseconds; one that is silent for longer has none.
const LONGEST_SILENCE_MS = 30
// Though takes keep coming: what never gets its turn here may get it elsewhere.
const LONGEST_HOLD_MS = 100
const LOOK_EVERY_MS = 20

export interface HoardingWatch {
  /** Somebody begins to ask for lines, of which `cover` names ever more, until `leave`. */
  begin(): Asking
  /** Called when something has arrived. */
  look(): void
}

export interface Asking {
  cover(lines: readonly LineConsumer[]): void
  leave(): void
}

interface Asked {
  count: number
  lastAt: number
}

/**
 * Keeps this process from holding what another could run: stops lines that nobody
 * asks for, and those where something waits too long to be taken. What they held
 * goes back into the queue, and the next take starts them again.
 */
export function hoardingWatch(clock: Clock, signal: AbortSignal): HoardingWatch {
  const asked = new Map<LineConsumer, Asked>()
  let isLooking = false

  const needsLook = (): boolean =>
    [...asked].some(([line, { count }]) => line.isConsuming && (count === 0 || line.first !== undefined))

  async function lookOn(): Promise<void> {
    while (needsLook() && !signal.aborted) {
      await clock.sleep(LOOK_EVERY_MS, signal)
      const now = clock.monotonicMs()
      // What cannot be stopped gives its channel up, which gives back all the same.
      for (const [line, by] of asked) if (line.isConsuming && isHoarding(line, by, now)) line.stop().catch(() => {})
    }
    isLooking = false
  }

  function look(): void {
    if (isLooking) return
    isLooking = true
    void lookOn()
  }

  function markOf(line: LineConsumer): Asked {
    const mark = asked.get(line) ?? { count: 0, lastAt: 0 }
    asked.set(line, mark)
    return mark
  }

  return {
    look,
    begin() {
      const marks = new Set<Asked>()
      return {
        cover(lines) {
          for (const mark of lines.map(markOf)) {
            if (!marks.has(mark)) mark.count++
            marks.add(mark)
          }
        },
        leave() {
          const lastAt = clock.monotonicMs()
          for (const mark of marks) Object.assign(mark, { count: mark.count - 1, lastAt })
          look()
        },
      }
    },
  }
}

function isHoarding({ oldestAt }: LineConsumer, { count, lastAt }: Asked, now: number): boolean {
  if (count === 0 && now - lastAt >= LONGEST_SILENCE_MS) return true
  return now - oldestAt >= LONGEST_HOLD_MS
}
