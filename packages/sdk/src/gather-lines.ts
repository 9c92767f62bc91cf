/**
 * Turns items into chunks of lines, as large as they come: while one chunk is on its way the next gathers, and
 * nothing waits for a timer. So a slow source is heard at once, and a fast one is not cut into a
 * thousand small writes, each of which would cost the server a statement of its own.
 */
export interface GatheredLines {
  /** What has gathered, once there is anything; undefined after the last. Throws what the source threw. */
  take(): Promise<string | undefined>
  /** Gives the source up. */
  leave(): Promise<void>
}

// Enough for hundreds of small items, and little to hold.
const FULL_CHARACTERS = 65_536

export function gatherLines(items: Iterable<unknown> | AsyncIterable<unknown>): GatheredLines {
  const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  let chunk = ''
  let hasBegun = false
  let end: { readonly error?: unknown } | undefined
  let somethingCame = () => {}
  let roomCame = () => {}

  async function read(): Promise<void> {
    try {
      for (let next = await source.next(); !next.done; next = await source.next()) {
        chunk += `${JSON.stringify(next.value)}\n`
        somethingCame()
        if (chunk.length >= FULL_CHARACTERS) await new Promise<void>((resolve) => (roomCame = resolve))
      }
      end = {}
    } catch (error) {
      end = { error }
    }
    somethingCame()
  }

  return {
    async take() {
      if (!hasBegun) void read()
      hasBegun = true
      if (chunk === '' && !end) await new Promise<void>((resolve) => (somethingCame = resolve))
      // One turn of the event loop: what is at hand already then travels together.
      await new Promise((resolve) => setTimeout(resolve, 0))
      const taken = chunk
      chunk = ''
      roomCame()
      if (taken !== '') return taken
      if (end && 'error' in end) throw end.error
      return undefined
    },
    async leave() {
      roomCame()
      await source.return?.()
    },
  }
}
