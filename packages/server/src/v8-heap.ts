import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** The JavaScript heap of this thread. */
export interface Heap {
  /** Returns the memory that the heap takes from the machine, used or not. */
  sizeBytes(): number
  /** Returns the share of the time since the last call in which the thread was busy, from 0 to 1. */
  busyShare(): number
  /** Collects all garbage and returns the memory to the machine. Blocks the thread for 100 ms or more. */
  collect(): void
}

export function v8Heap(): Heap {
  // Reaches the collector without a command-line flag, which every launcher would have to pass on.
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as NodeJS.GCFunction
  setFlagsFromString('--no-expose-gc')
  let previous = performance.eventLoopUtilization()

  return {
    sizeBytes: () => getHeapStatistics().total_heap_size,
    busyShare() {
      const now = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(now, previous)
      previous = now
      return utilization
    },
    // Only this flavour also drops code that has not run lately and shrinks the space for new objects, which grows
    // again on demand.
    collect: () => collect({ type: 'major', flavor: 'last-resort', execution: 'sync' }),
  }
}
