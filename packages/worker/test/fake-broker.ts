import type { Broker, Delivery, TakeOptions, TaskId } from '@taskflow/tasks'

/** Tells of tasks as soon as a test says that there are some. */
export class FakeBroker implements Broker {
  readonly name = 'postgres'
  readonly takes: TakeOptions[] = []
  readonly acknowledged: number[] = []
  released = 0
  #told: Delivery['tasks'] | undefined
  #wake: (() => void) | undefined

  /** Whether what was told has been heard. */
  get isTaken(): boolean {
    return this.#told === undefined
  }

  tell(tasks: readonly TaskId[] | 'any' = 'any'): void {
    this.#told = tasks
    this.#wake?.()
  }

  async publish(): Promise<void> {}

  async take(options: TakeOptions): Promise<Delivery | undefined> {
    const { signal, max } = options
    this.takes.push(options)
    while (this.#told === undefined && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    const tasks = this.#told
    if (signal.aborted || tasks === undefined) return undefined
    this.#told = undefined
    return {
      tasks,
      acknowledge: async (claimed) => {
        this.acknowledged.push(claimed)
        if (tasks === 'any' && claimed === max) this.tell()
      },
      release: async () => {
        this.released++
        this.tell(tasks)
      },
    }
  }

  async depths(): Promise<undefined> {}

  async ping(): Promise<void> {}

  async close(): Promise<void> {}
}
