import { type Clock, type PeriodicService, periodic } from '@taskflow/kernel'
import type { Heap } from './v8-heap.ts'

interface Deps {
  readonly clock: Clock
  readonly heap: Heap
  onError(error: unknown): void
}

const INTERVAL_MS = 5_000
// A thread that was busy for a smaller share is idle: nobody waits while it collects.
const IDLE_SHARE = 0.01
const WORTH_BYTES = 16 * 1_024 * 1_024

/**
 * Returns unused memory to the operating system: at the end of the start, the memory that only loading the code needed;
 * later, the memory that only the work needed. V8 collects garbage when it allocates, and an idle process allocates
 * almost nothing, so without this service it would keep for good what it took in its busiest hour.
 */
export function memoryTrimmer({ clock, heap, onError }: Deps): PeriodicService {
  let neededBytes: number | undefined

  return periodic({
    name: 'memoryTrimmer',
    clock,
    intervalMs: INTERVAL_MS,
    async round() {
      const isIdle = heap.busyShare() < IDLE_SHARE
      const isFirst = neededBytes === undefined
      if (isFirst || (isIdle && heap.sizeBytes() - (neededBytes ?? 0) >= WORTH_BYTES)) {
        heap.collect()
        neededBytes = heap.sizeBytes()
      }
      return undefined
    },
    onError,
  })
}
