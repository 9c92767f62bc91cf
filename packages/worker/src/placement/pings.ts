import type { Clock } from '@taskflow/kernel'

interface Ping {
  readonly number: number
  readonly sentAt: number
}

/** Numbers the pings of one runner and times their answers, which arrive in the order of the pings. */
export class Pings {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #unanswered: Ping[] = []
  #sent = 0
  #answered = 0
  #lastLagMs = 0

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock
  }

  /** Records a ping that is sent now, and returns its number. */
  send(): number {
    this.#unanswered.push({ number: ++this.#sent, sentAt: this.#clock.monotonicMs() })
    return this.#sent
  }

  /** Records the answer to a ping, which answers all pings before it. */
  answer(number: number): void {
    this.#answered = number
    for (let first = this.#unanswered[0]; first && first.number <= number; first = this.#unanswered[0]) {
      this.#lastLagMs = this.#clock.monotonicMs() - first.sentAt
      this.#unanswered.shift()
    }
  }

  hasAnswered(number: number): boolean {
    return this.#answered >= number
  }

  /** The lag of the last answer, or the age of the oldest unanswered ping where that is longer. */
  get lagMs(): number {
    const [oldest] = this.#unanswered
    return oldest ? Math.max(this.#lastLagMs, this.#clock.monotonicMs() - oldest.sentAt) : this.#lastLagMs
  }
}
