import { type Clock, type PeriodicService, periodic } from '@taskflow/kernel'
import type { Heap } from './v8-heap.ts'

interface Deps {
  readonly clock: Clock
  readonly heap: Heap
  onError(error: unknown): void
}

const INTERVAL_MS = 5_000
// A thread that did less is at rest: nobody waits while it tidies up.
const REST_SHARE = 0.01
const WORTH_BYTES = 16 * 1_024 * 1_024

/**
 * Gives memory back when there is nothing to do: at the end of the start, what only loading the code needed; later
 * what only the work needed. V8 tidies up when memory is asked for, and a process at rest asks for none, so it
 * would keep for good what it took in its busiest hour.
 */
export function memoryKeeper({ clock, heap, onError }: Deps): PeriodicService {
  let neededBytes: number | undefined

  return periodic({
    name: 'memoryKeeper',
    clock,
    intervalMs: INTERVAL_MS,
    async round() {
      const isAtRest = heap.busyShare() < REST_SHARE
      const isFirst = neededBytes === undefined
      if (isFirst || (isAtRest && heap.sizeBytes() - (neededBytes ?? 0) >= WORTH_BYTES)) {
        heap.collect()
        neededBytes = heap.sizeBytes()
      }
      return undefined
    },
    onError,
  })
}
