import type { Clock } from './ports/clock.ts'

export interface Ids {
  /** A UUIDv7 (RFC 9562): sorts by creation time, also within one millisecond of one process. */
  next(): string
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export function isUuid(text: string): boolean {
  return UUID.test(text)
}

/**
 * UUIDv7 with a 12-bit counter in rand_a (RFC 9562, section 6.2, method 1), started at a random
 * point of its lower half each millisecond. A counter that runs over borrows from the next millisecond,
 * and a clock that steps back is held at the last time used, so ids of one process always ascend.
 *
 * @param random uniform in [0, 1)
 */
export function uuidV7Ids(clock: Pick<Clock, 'now'>, random: () => number): Ids {
  let lastMs = 0
  let counter = 0
  return {
    next() {
      const nowMs = clock.now().getTime()
      if (nowMs > lastMs) {
        lastMs = nowMs
        counter = Math.floor(random() * 0x800)
      } else if (++counter > 0xfff) {
        lastMs++
        counter = 0
      }
      const time = lastMs.toString(16).padStart(12, '0')
      const variant = ((random() * 0x4000) | 0x8000).toString(16)
      const tail = hex(random, 0x1000000) + hex(random, 0x1000000)
      return `${time.slice(0, 8)}-${time.slice(8)}-7${counter.toString(16).padStart(3, '0')}-${variant}-${tail}`
    },
  }
}

const hex = (random: () => number, below: number): string =>
  Math.floor(random() * below)
    .toString(16)
    .padStart(6, '0')

/** The smallest id of a moment: bounds of time in an order of ids. */
export function firstIdAt(time: Date): string {
  const ms = time.getTime().toString(16).padStart(12, '0')
  return `${ms.slice(0, 8)}-${ms.slice(8)}-0000-0000-000000000000`
}
