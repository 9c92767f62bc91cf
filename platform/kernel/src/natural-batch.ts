/**
 * Collects items while a batch is in flight and sends them as the next batch; no timer is involved. At low load a batch
 * has one item and adds no latency. At high load it has hundreds, which share the cost of one round trip and one
 * commit. At very high load a second batch may leave beside the one in flight (`secondFromWeight`), so that this
 * process prepares one batch while the database stores the other.
 *
 * If a batch fails, each of its items runs again alone, so that one bad item fails alone. An error that concerns all
 * items (`isShared`; for example, the database is unavailable) fails them all at once.
 */
export interface NaturalBatch<Item, Result> {
  /** Resolves with the result of this item. */
  add(item: Item): Promise<Result>
  /** Number of items that wait for the next batch; items in flight do not count. */
  readonly waiting: number
}

interface Options<Item, Result> {
  /** Runs a batch and resolves with the results in the order of the items. */
  run(items: readonly Item[]): Promise<readonly Result[]>
  /** Maximum total weight of a batch. A heavier item runs alone. */
  readonly maxWeight: number
  /** Returns the weight of an item, 1 by default. */
  weigh?(item: Item): number
  /**
   * Waiting weight from which a second batch may leave beside the one in flight. By default there is never a second
   * one.
   */
  readonly secondFromWeight?: number
  /** Whether an error concerns all items of a batch, so that running them one by one is of no use. */
  isShared(error: unknown): boolean
  /**
   * Called with the weight of each batch as it leaves, for metrics. An exception fails the batch like an error of
   * `run`.
   */
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

  /** Schedules at most one departure at a time, so that no waiting weight counts for two batches. */
  function board(): void {
    if (isBoarding || waiting.length === 0 || !mayLeave()) return
    isBoarding = true
    // Waits for one microtask, so that items added in the same tick share a batch.
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
