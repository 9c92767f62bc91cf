import type { LeaseId } from '@taskflow/tasks'
import { wakeSignal } from '../wake-signal.ts'
import type { HeldAttempt } from './held-attempt.ts'

/**
 * The attempts that this worker holds: those that have a slot, in which they run, and those that wait for one.
 *
 * Only the caller whose `remove` returned true settles the attempt, so that an attempt ends once.
 */
export class Slots implements Iterable<HeldAttempt> {
  /** Maximum number of attempts that run at once. */
  readonly count: number
  /** Notified when an attempt was removed. */
  readonly change = wakeSignal()
  readonly #held = new Map<number, HeldAttempt>()
  #occupied = 0
  #ended = 0
  #fill: () => void = () => {}

  constructor(count: number) {
    this.count = count
  }

  /** The number of slots without an attempt. */
  get free(): number {
    return this.count - this.#occupied
  }

  /** The number of attempts held. */
  get size(): number {
    return this.#held.size
  }

  /** The number of attempts removed since the start. */
  get ended(): number {
    return this.#ended
  }

  /** Holds an attempt, which waits for a slot. */
  add(attempt: HeldAttempt): void {
    this.#held.set(attempt.key, attempt)
  }

  /** Gives a held attempt a slot until it is removed. */
  occupy(attempt: HeldAttempt): void {
    attempt.hasSlot = true
    this.#occupied++
  }

  get(key: number): HeldAttempt | undefined {
    return this.#held.get(key)
  }

  holds(leaseId: LeaseId): boolean {
    for (const { lease } of this.#held.values()) if (lease.leaseId === leaseId) return true
    return false
  }

  /** Returns false when the attempt was not held, or is not any more. */
  remove(attempt: HeldAttempt): boolean {
    if (!this.#held.delete(attempt.key)) return false
    if (attempt.hasSlot) this.#occupied--
    this.#ended++
    this.change.notify()
    return true
  }

  /** Sets what gives free slots to attempts that wait for one. */
  fillBy(fill: () => void): void {
    this.#fill = fill
  }

  /** Gives free slots to attempts that wait. Called once after several removals, so that what follows starts together. */
  fill(): void {
    this.#fill()
  }

  [Symbol.iterator](): Iterator<HeldAttempt> {
    return this.#held.values()
  }
}
