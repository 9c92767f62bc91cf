import { TaskFlowError } from '@taskflow/kernel'
import type { Broker, Delivery, Dispatch, Subqueue, TakeOptions, TaskId } from '@taskflow/tasks'
import type { HandClock } from '@taskflow/testing/hand-clock'

/** `refuses`: every call fails at once, also a call under way. `swallows`: no call is ever answered or aborted. */
type Behaviour = 'answers' | 'refuses' | 'swallows'

/** A broker that a test can make unavailable and available again. */
export class UnreliableBroker implements Broker {
  readonly name = 'redis'
  readonly calls: string[] = []
  readonly #clock: HandClock
  readonly #tasks: TaskId[] = []
  #behaviour: Behaviour = 'answers'
  #changed = new AbortController()

  constructor(clock: HandClock) {
    this.#clock = clock
  }

  become(behaviour: Behaviour): void {
    this.#behaviour = behaviour
    this.#wake()
  }

  hold(...tasks: string[]): void {
    this.#tasks.push(...(tasks as TaskId[]))
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
      if (this.#tasks.length > 0) return this.#deliver(max)
      if (signal.aborted || this.#clock.monotonicMs() >= until) return undefined
      await this.#clock.sleep(until - this.#clock.monotonicMs(), AbortSignal.any([signal, this.#changed.signal]))
    }
  }

  async depths(subqueues: readonly Subqueue[]): Promise<readonly number[]> {
    await this.#answer(`depths ${subqueues.length}`)
    return subqueues.map(() => this.#tasks.length)
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
    const tasks = this.#tasks.splice(0, max)
    return {
      tasks,
      acknowledge: (claimed) => this.#answer(`acknowledge ${claimed}`),
      release: () => this.#answer(`release ${tasks.join()}`),
    }
  }

  async #answer(call: string): Promise<void> {
    this.calls.push(call)
    if (this.#behaviour === 'refuses') throw new TaskFlowError('BROKER_UNAVAILABLE', 'connection refused')
    if (this.#behaviour === 'swallows') await new Promise(() => {})
  }
}
