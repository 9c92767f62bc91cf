import type { LeaseId } from '@taskflow/tasks'
import { type Bell, bell } from './bell.ts'
import type { HeldAttempt } from './held-attempt.ts'

/** The attempts in hand: those that have a slot and run, and those that wait for one. */
export interface Slots extends Iterable<HeldAttempt> {
  /** How many attempts may run at once. */
  readonly count: number
  /** How many of them have no attempt. */
  readonly free: number
  /** Attempts in hand. */
  readonly size: number
  /** Attempts that were removed since the start. */
  readonly ended: number
  /** Takes an attempt in hand; it waits for a slot. */
  add(attempt: HeldAttempt): void
  /** Gives an attempt in hand a slot, until it is removed. */
  occupy(attempt: HeldAttempt): void
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
  let occupied = 0
  let ended = 0

  return {
    count,
    get free() {
      return count - occupied
    },
    get size() {
      return held.size
    },
    get ended() {
      return ended
    },
    add(attempt) {
      held.set(attempt.key, attempt)
    },
    occupy(attempt) {
      attempt.hasSlot = true
      occupied++
    },
    get: (key) => held.get(key),
    holds: (leaseId) => [...held.values()].some(({ lease }) => lease.leaseId === leaseId),
    remove(attempt) {
      if (!held.delete(attempt.key)) return false
      if (attempt.hasSlot) occupied--
      ended++
      change.ring()
      return true
    },
    change,
    [Symbol.iterator]: () => held.values(),
  }
}
