import { TaskFlowError } from '@taskflow/kernel'
import type { Broker, Delivery, Dispatch, Line, TakeOptions, TaskId } from '@taskflow/tasks'
import type { HandClock } from '@taskflow/testing/hand-clock'

/** `refuses`: every call fails at once, those under way included. `swallows`: no call is ever answered, nor aborted. */
type Mood = 'answers' | 'refuses' | 'swallows'

/** A broker that a test can make go away and come back. */
export class UnreliableBroker implements Broker {
  readonly name = 'redis'
  readonly calls: string[] = []
  readonly #clock: HandClock
  readonly #words: TaskId[] = []
  #mood: Mood = 'answers'
  #changed = new AbortController()

  constructor(clock: HandClock) {
    this.#clock = clock
  }

  become(mood: Mood): void {
    this.#mood = mood
    this.#wake()
  }

  tell(...words: string[]): void {
    this.#words.push(...(words as TaskId[]))
    this.#wake()
  }

  count(call: string): number {
    return this.calls.filter((each) => each === call).length
  }

  async publish(dispatches: readonly Dispatch[]): Promise<void> {
    await this.#answer(`publish ${dispatches.length}`)
  }

  async take({ max, waitMs, signal }: TakeOptions): Promise<Delivery | undefined> {
    const until = this.#clock.monotonicMs() + waitMs
    for (;;) {
      await this.#answer('take')
      if (this.#words.length > 0) return this.#deliver(max)
      if (signal.aborted || this.#clock.monotonicMs() >= until) return undefined
      await this.#clock.sleep(until - this.#clock.monotonicMs(), AbortSignal.any([signal, this.#changed.signal]))
    }
  }

  async depths(lines: readonly Line[]): Promise<readonly number[]> {
    await this.#answer(`depths ${lines.length}`)
    return lines.map(() => this.#words.length)
  }

  ping(): Promise<void> {
    return this.#answer('ping')
  }

  close(): Promise<void> {
    return this.#answer('close')
  }

  #wake(): void {
    const changed = this.#changed
    this.#changed = new AbortController()
    changed.abort()
  }

  #deliver(max: number): Delivery {
    const tasks = this.#words.splice(0, max)
    return {
      tasks,
      acknowledge: (claimed) => this.#answer(`acknowledge ${claimed}`),
      release: () => this.#answer(`release ${tasks.join()}`),
    }
  }

  async #answer(call: string): Promise<void> {
    this.calls.push(call)
    if (this.#mood === 'refuses') throw new TaskFlowError('BROKER_UNAVAILABLE', 'connection refused')
    if (this.#mood === 'swallows') await new Promise(() => {})
  }
}
