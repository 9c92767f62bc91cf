import type { Clock } from '@taskflow/kernel'
import type { Delivery } from '@taskflow/tasks'

interface Deps {
  readonly clock: Clock
  onError(error: unknown): void
}

/** How long one take may wait, in milliseconds. `sinceFetchMs` of a healthy idle worker grows to as much. */
export const TAKE_WAIT_MS = 2_000
// A take returns after TAKE_WAIT_MS, and broker and database time out before this: an answer this late was lost.
const STALL_MS = TAKE_WAIT_MS + 8_000
// When a frozen process resumes, its timers run before it reads what arrived meanwhile.
const LAST_LOOK_MS = 50

const release = (delivery: Delivery): Promise<void> => delivery.release()

/** One run of the fetch loop, with the call that it waits for and the delivery that it has taken. */
export class FetchRun {
  /** The delivery that is neither acknowledged nor released yet. */
  delivery: Delivery | undefined
  readonly #deps: Deps
  readonly #ending = new AbortController()
  #waitsSince: number | undefined
  #isAbandoned = false

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Aborts when the run is to end. */
  get signal(): AbortSignal {
    return this.#ending.signal
  }

  /** Whether the loop has given the run up: another run may be under way. */
  get isAbandoned(): boolean {
    return this.#isAbandoned
  }

  end(): void {
    this.#ending.abort()
  }

  abandon(): void {
    this.#isAbandoned = true
    this.end()
  }

  /** Waits for the broker or the database. */
  async answerOf<Answer>(call: Promise<Answer>): Promise<Answer> {
    this.#waitsSince = this.#deps.clock.monotonicMs()
    try {
      return await call
    } finally {
      this.#waitsSince = undefined
    }
  }

  acknowledge(claimed: number): Promise<void> {
    return this.#conclude((delivery) => delivery.acknowledge(claimed))
  }

  release(): Promise<void> {
    return this.#conclude(release)
  }

  /**
   * Resolves with the moment since which the run has waited for a call, once the call is overdue; or with undefined
   * once `over` aborts.
   */
  async untilStalled(over: AbortSignal): Promise<number | undefined> {
    const { clock } = this.#deps
    while (!over.aborted) {
      const waitsSince = this.#waitsSince ?? clock.monotonicMs()
      const patienceMs = STALL_MS - LAST_LOOK_MS - (clock.monotonicMs() - waitsSince)
      await clock.sleep(Math.max(patienceMs, LAST_LOOK_MS), over)
      if (patienceMs <= 0 && this.#waitsSince === waitsSince) return waitsSince
    }
    return undefined
  }

  /** Reports once what became of the delivery. The claim stands whether or not the broker receives the report. */
  async #conclude(report: (delivery: Delivery) => Promise<void>): Promise<void> {
    const { delivery } = this
    this.delivery = undefined
    if (delivery) await this.answerOf(report(delivery)).catch(this.#deps.onError)
  }
}
