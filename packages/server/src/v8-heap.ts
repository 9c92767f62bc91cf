import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** The memory of this thread's JavaScript. */
export interface Heap {
  /** What it takes of the machine, used or not. */
  sizeBytes(): number
  /** The share of the time since this was asked last in which the thread did something. */
  busyShare(): number
  /** Throws away everything that is not needed and gives the memory back. Holds up the thread for a tenth of a second or more. */
  collect(): void
}

export function v8Heap(): Heap {
  // The way to the collector without a flag on the command line, which a launcher would have to pass on.
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as NodeJS.GCFunction
  setFlagsFromString('--no-expose-gc')
  let askedAt = performance.eventLoopUtilization()

  return {
    sizeBytes: () => getHeapStatistics().total_heap_size,
    busyShare() {
      const now = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(now, askedAt)
      askedAt = now
      return utilization
    },
    // The only kind that also drops code that has not run lately, and shrinks the space for new objects; that grows again with the work.
    collect: () => collect({ type: 'major', flavor: 'last-resort', execution: 'sync' }),
  }
}
