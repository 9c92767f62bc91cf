// Two groups of lines fill one statement: while the database stores two groups, two more gather.
const MAX_IN_FLIGHT = 4

/**
 * Runs work on several items at a time while it waits for the next item. Yields the results in the order of the items,
 * each as soon as it is available, even while no further item arrives.
 *
 * The work must not reject: it must resolve with its errors as results.
 */
export async function* overlapped<Item, Result>(
  items: AsyncIterable<Item>,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const source = items[Symbol.asyncIterator]()
  const inFlight: Promise<Result>[] = []
  let awaited: Promise<IteratorResult<Item>> | undefined = source.next()
  try {
    while (awaited !== undefined || inFlight.length > 0) {
      const [first] = inFlight
      const arrived: IteratorResult<Item> | undefined = await Promise.race([
        ...(awaited !== undefined && inFlight.length < MAX_IN_FLIGHT ? [awaited] : []),
        ...(first ? [first.then(() => undefined)] : []),
      ])
      if (arrived) {
        awaited = arrived.done ? undefined : source.next()
        if (!arrived.done) inFlight.push(work(arrived.value))
      } else {
        inFlight.shift()
        yield (await first) as Result
      }
    }
  } finally {
    // The reader has left or the source has failed, so the outcome of a pending read does not matter.
    void awaited?.catch(() => undefined)
    await source.return?.()
  }
}
