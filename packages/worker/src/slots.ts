import type { LeaseId } from '@taskflow/core'
import { type Bell, bell } from './bell.ts'
import type { HeldAttempt } from './held-attempt.ts'

/** The attempts in hand, never more than there are slots. */
export interface Slots extends Iterable<HeldAttempt> {
  readonly size: number
  readonly free: number
  add(attempt: HeldAttempt): void
  get(key: number): HeldAttempt | undefined
  holds(leaseId: LeaseId): boolean
  /** False when it was not there (any more): whoever removes an attempt, and nobody else, ends it. */
  remove(attempt: HeldAttempt): boolean
  /** Rings when an attempt was removed. */
  readonly change: Bell
}

export function slots(count: number): Slots {
  const held = new Map<number, HeldAttempt>()
  const change = bell()

  return {
    get size() {
      return held.size
    },
    get free() {
      return count - held.size
    },
    add(attempt) {
      held.set(attempt.key, attempt)
    },
    get: (key) => held.get(key),
    holds: (leaseId) => [...held.values()].some(({ lease }) => lease.leaseId === leaseId),
    remove(attempt) {
      const wasHeld = held.delete(attempt.key)
      if (wasHeld) change.ring()
      return wasHeld
    },
    change,
    [Symbol.iterator]: () => held.values(),
  }
}
