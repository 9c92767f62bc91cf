import type { Broker, Delivery, TakeOptions, TaskId } from '@taskflow/tasks'

/** Delivers the tasks that a test offers. */
export class FakeBroker implements Broker {
  readonly name = 'postgres'
  readonly takes: TakeOptions[] = []
  readonly acknowledged: number[] = []
  released = 0
  #offered: Delivery['tasks'] | undefined
  #wake: (() => void) | undefined

  /** Whether a worker has taken the last offer. */
  get isTaken(): boolean {
    return this.#offered === undefined
  }

  offer(tasks: readonly TaskId[] | 'any' = 'any'): void {
    this.#offered = tasks
    this.#wake?.()
  }

  async publish(): Promise<void> {}

  async take(options: TakeOptions): Promise<Delivery | undefined> {
    const { signal, max } = options
    this.takes.push(options)
    while (this.#offered === undefined && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    const tasks = this.#offered
    if (signal.aborted || tasks === undefined) return undefined
    this.#offered = undefined
    return {
      tasks,
      acknowledge: async (claimed) => {
        this.acknowledged.push(claimed)
        if (tasks === 'any' && claimed === max) this.offer()
      },
      release: async () => {
        this.released++
        this.offer(tasks)
      },
    }
  }

  async depths(): Promise<undefined> {}

  async ping(): Promise<void> {}

  async close(): Promise<void> {}
}
