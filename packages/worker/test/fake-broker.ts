import type { Broker, Delivery, TakeOptions } from '@taskflow/core'

/** Tells of tasks as soon as a test says that there are some. */
export class FakeBroker implements Broker {
  readonly name = 'postgres'
  readonly acknowledged: number[] = []
  #isTold = false
  #wake: (() => void) | undefined

  /** Whether what was told has been heard. */
  get isTaken(): boolean {
    return !this.#isTold
  }

  tell(): void {
    this.#isTold = true
    this.#wake?.()
  }

  async publish(): Promise<void> {}

  async take({ signal, max }: TakeOptions): Promise<Delivery | undefined> {
    while (!this.#isTold && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    if (signal.aborted) return undefined
    this.#isTold = false
    return {
      tasks: 'any',
      acknowledge: async (claimed) => {
        this.acknowledged.push(claimed)
        if (claimed === max) this.tell()
      },
      release: async () => this.tell(),
    }
  }

  async depths(): Promise<undefined> {}

  async ping(): Promise<void> {}

  async close(): Promise<void> {}
}
