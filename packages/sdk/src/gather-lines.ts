import { writeJson } from './json.ts'

/**
 * Turns items into chunks of JSON lines by natural batching: while one chunk is in flight the next gathers, and no item
 * waits for a timer. A slow source is sent at once. A fast source is not split into a thousand small writes, each of
 * which would cost the server one statement.
 */
export interface GatheredLines {
  /** Waits until there is at least one line; returns undefined after the last. Throws the error of the source. */
  take(): Promise<string | undefined>
  /** Stops reading and closes the source. */
  leave(): Promise<void>
}

// Enough for hundreds of small items, at little memory.
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
        chunk += `${writeJson(next.value, 'The task')}\n`
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
      // One turn of the event loop, so that items which are already available share the chunk.
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
