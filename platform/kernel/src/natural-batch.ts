/**
 * Natural batching: while one batch is in flight, the next gathers; nothing
 * waits for a timer. At low load a batch has one item and adds no latency; at
 * high load it has hundreds, and the cost of a round trip and of a commit is
 * shared. Where many hundreds come at once, what is large enough need not wait:
 * it leaves beside the batch in flight, so that one is made while the other is stored.
 *
 * A batch that fails is taken apart: each item is then run on its own, so that
 * one bad item fails alone. Only errors for which `isShared` answers true (the
 * database is away, say) fail all items at once.
 */
export interface NaturalBatch<Item, Result> {
  /** Resolves with this item's own result. */
  add(item: Item): Promise<Result>
  /** Items that wait for a batch, those in flight not counted. */
  readonly waiting: number
}

interface Options<Item, Result> {
  /** Runs a batch; results in the order of the items. */
  run(items: readonly Item[]): Promise<readonly Result[]>
  /** Weight of all items of a batch together, at most; an item heavier than that travels alone. */
  readonly maxWeight: number
  weigh?(item: Item): number
  /** A second batch may leave beside the one in flight once so much weight waits; absent, there is never more than one. */
  readonly secondFromWeight?: number
  isShared(error: unknown): boolean
  /** Called as each batch leaves with its weight, for metrics. What it throws fails the batch, as an error of `run` does. */
  onBatch?(weight: number): void
}

interface Pending<Item, Result> {
  readonly item: Item
  readonly weight: number
  resolve(result: Result): void
  reject(error: unknown): void
}

export function naturalBatch<Item, Result>(options: Options<Item, Result>): NaturalBatch<Item, Result> {
  const { run, maxWeight, weigh = () => 1, secondFromWeight = Number.POSITIVE_INFINITY, isShared, onBatch } = options
  let waiting: Pending<Item, Result>[] = []
  let waitingWeight = 0
  let inFlight = 0
  let isBoarding = false

  const mayLeave = (): boolean => inFlight === 0 || (inFlight === 1 && waitingWeight >= secondFromWeight)

  /** One departure at a time is decided on, so that what one takes along is not counted for another. */
  function board(): void {
    if (isBoarding || waiting.length === 0 || !mayLeave()) return
    isBoarding = true
    // One turn of the microtask queue, so that items added in the same tick share the first batch.
    queueMicrotask(() => void leave())
  }

  async function leave(): Promise<void> {
    isBoarding = false
    inFlight++
    const batch = takeBatch()
    board()
    try {
      await runBatch(batch)
    } finally {
      inFlight--
      board()
    }
  }

  function takeBatch(): Pending<Item, Result>[] {
    let weight = 0
    let count = 0
    for (const pending of waiting) {
      weight += pending.weight
      if (count > 0 && weight > maxWeight) break
      count++
    }
    const batch = waiting.slice(0, count)
    waiting = waiting.slice(count)
    waitingWeight -= weightOf(batch)
    return batch
  }

  async function runBatch(batch: readonly Pending<Item, Result>[]): Promise<void> {
    try {
      onBatch?.(weightOf(batch))
      const results = await run(batch.map((pending) => pending.item))
      if (results.length !== batch.length)
        throw new TypeError(`Expected ${batch.length} results, got ${results.length}`)
      batch.forEach((pending, index) => {
        pending.resolve(results[index] as Result)
      })
    } catch (error) {
      if (batch.length === 1 || isShared(error)) for (const pending of batch) pending.reject(error)
      else for (const pending of batch) await runBatch([pending])
    }
  }

  return {
    add(item) {
      return new Promise((resolve, reject) => {
        const weight = weigh(item)
        waiting.push({ item, weight, resolve, reject })
        waitingWeight += weight
        board()
      })
    },
    get waiting() {
      return waiting.length
    },
  }
}

const weightOf = (batch: readonly { readonly weight: number }[]): number =>
  batch.reduce((sum, { weight }) => sum + weight, 0)
