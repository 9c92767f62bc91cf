import type { Clock } from '@taskflow/kernel'
import type { Lease } from '@taskflow/tasks'
import type { TaskTypeIntroduction } from '../protocol.ts'
import type { AttemptStarter } from './attempt-starter.ts'
import type { Finisher } from './finisher.ts'
import { type HeldAttempt, holdAttempt, isSuspect } from './held-attempt.ts'
import type { Settler } from './settler.ts'
import type { Slots } from './slots.ts'
import { forcedOutcome } from './stop.ts'

interface Deps {
  readonly slots: Slots
  readonly settler: Pick<Settler, 'settle'>
  readonly finisher: Pick<Finisher, 'end' | 'isStillWanted'>
  readonly starter: AttemptStarter
  readonly clock: Clock
  /** The types that this worker claims. */
  readonly types: readonly TaskTypeIntroduction[]
}

// When a worker is lost with hundreds of tasks, each of them becomes a suspect in the end, which runs in a process of
// its own; a process for each at once would exhaust the memory of the next worker. Four keep two cores busy.
const SUSPECTS_AT_ONCE = 4
// Much longer than a claim takes on a busy machine.
const PATIENCE_MS = 250

/** Suspects wait for their turn as long as that takes: on any other worker they would wait too. */
const mayWaitLong = ({ lease }: HeldAttempt): boolean => isSuspect(lease)

/**
 * Turns leases into attempts and gives them slots, in the order of their claims. Attempts in excess of the slots wait;
 * those that wait for longer than `PATIENCE_MS` are released, because the running tasks have slowed down since they
 * were claimed, and another worker may be free.
 */
export class Admission {
  readonly #slots: Slots
  readonly #settler: Pick<Settler, 'settle'>
  readonly #finisher: Pick<Finisher, 'end' | 'isStillWanted'>
  readonly #starter: AttemptStarter
  readonly #clock: Clock
  readonly #types: ReadonlyMap<string, TaskTypeIntroduction>
  readonly #waiting: HeldAttempt[] = []
  #lastKey = 0
  #isWatching = false

  constructor({ slots, settler, finisher, starter, clock, types }: Deps) {
    this.#slots = slots
    this.#settler = settler
    this.#finisher = finisher
    this.#starter = starter
    this.#clock = clock
    this.#types = new Map(types.map((type) => [type.type, type]))
    slots.fillBy(() => this.#admit())
  }

  /** Holds the tasks of these leases and starts as many as there are free slots. */
  begin(leases: readonly Lease[]): void {
    for (const lease of leases) {
      const attempt = this.#hold(lease)
      this.#slots.add(attempt)
      this.#waiting.push(attempt)
    }
    this.#admit()
  }

  /** Releases leases that this worker does not run. */
  release(leases: readonly Lease[]): void {
    for (const lease of leases) this.#settler.settle(this.#hold(lease), { kind: 'released' })
  }

  /** Releases the attempts that wait for a slot. */
  releaseWaiting(): void {
    for (const attempt of [...this.#waiting]) this.#releaseOne(attempt)
  }

  #hold(lease: Lease): HeldAttempt {
    const type = this.#types.get(lease.type)
    if (!type) throw new TypeError(`Claimed a task of type ${lease.type}, which was not requested`)
    return holdAttempt(++this.#lastKey, lease, type, this.#clock.monotonicMs())
  }

  /** Gives free slots to waiting attempts. Suspects in excess of their limit keep their place; others pass them. */
  #admit(): void {
    const waiting = this.#waiting
    const together: HeldAttempt[] = []
    const passedOver: HeldAttempt[] = []
    let suspects: number | undefined
    while (this.#slots.free > 0 && waiting.length > 0) {
      const next = waiting.shift() as HeldAttempt
      if (!this.#finisher.isStillWanted(next)) continue
      if (isSuspect(next.lease)) {
        suspects ??= this.#countRunningSuspects()
        if (suspects >= SUSPECTS_AT_ONCE) {
          passedOver.push(next)
          continue
        }
        suspects++
      }
      this.#slots.occupy(next)
      if (next.isolation === null) together.push(next)
      else void this.#starter.startAlone(next, next.isolation)
    }
    waiting.unshift(...passedOver)
    if (together.length > 0) void this.#starter.startTogether(together)
    if (!this.#isWatching && this.#isAnyImpatient()) void this.#watchWaiting()
  }

  #countRunningSuspects(): number {
    return [...this.#slots].filter(({ hasSlot, lease }) => hasSlot && isSuspect(lease)).length
  }

  #isAnyImpatient(): boolean {
    return !this.#waiting.every(mayWaitLong)
  }

  async #watchWaiting(): Promise<void> {
    this.#isWatching = true
    while (this.#isAnyImpatient()) {
      await this.#clock.sleep(PATIENCE_MS / 2)
      const since = this.#clock.monotonicMs() - PATIENCE_MS
      const expired = this.#waiting.filter((each) => !mayWaitLong(each) && each.claimedAt <= since)
      for (const attempt of expired) this.#releaseOne(attempt)
    }
    this.#isWatching = false
  }

  #releaseOne(attempt: HeldAttempt): void {
    this.#waiting.splice(this.#waiting.indexOf(attempt), 1)
    this.#finisher.end(attempt, attempt.stop ? forcedOutcome(attempt.stop) : { kind: 'released' })
  }
}
