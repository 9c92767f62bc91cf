// Groups of lines are half a statement: of those under way two are stored, one after the other, while two more gather.
const MAX_UNDER_WAY = 4

/**
 * Runs work on each item while the next are awaited, a few at a time, and yields the results in order,
 * each as soon as it is there: also while no further item comes. Rejections must be results of the work.
 */
export async function* overlapped<Item, Result>(
  items: AsyncIterable<Item>,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const source = items[Symbol.asyncIterator]()
  const underWay: Promise<Result>[] = []
  let awaited: Promise<IteratorResult<Item>> | undefined = source.next()
  try {
    while (awaited !== undefined || underWay.length > 0) {
      const [first] = underWay
      const arrived: IteratorResult<Item> | undefined = await Promise.race([
        ...(awaited !== undefined && underWay.length < MAX_UNDER_WAY ? [awaited] : []),
        ...(first ? [first.then(() => undefined)] : []),
      ])
      if (arrived) {
        awaited = arrived.done ? undefined : source.next()
        if (!arrived.done) underWay.push(work(arrived.value))
      } else {
        underWay.shift()
        yield (await first) as Result
      }
    }
  } finally {
    // The reader has left, or the source broke: nothing more is wanted of it.
    void awaited?.catch(() => undefined)
    await source.return?.()
  }
}
