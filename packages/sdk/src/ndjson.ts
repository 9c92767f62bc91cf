import { TaskFlowApiError } from './errors.ts'

/** Newline-delimited JSON, both ways, without ever holding the whole of it. */

// Below this, many small items share one chunk: a chunk of its own costs more than the item.
const CHUNK_CHARACTERS = 32_768

export interface EncodedItems {
  readonly stream: ReadableStream<Uint8Array>
  /** What the source of the items threw, if it did. */
  readonly failure: { readonly error: unknown } | undefined
}

/** What is known to be at hand (a plain iterable) is chunked; what arrives (an async one) goes out item by item. */
export function encodeNdjson(items: Iterable<unknown> | AsyncIterable<unknown>): EncodedItems {
  const lines = Symbol.asyncIterator in items ? linesAsTheyCome(items) : chunksOfLines(items)
  const encoder = new TextEncoder()
  let failure: EncodedItems['failure']
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await lines.next()
        if (done) controller.close()
        else controller.enqueue(encoder.encode(value))
      } catch (error) {
        failure = { error }
        throw error
      }
    },
    async cancel() {
      await lines.return(undefined)
    },
  })
  return {
    stream,
    get failure() {
      return failure
    },
  }
}

async function* linesAsTheyCome(items: AsyncIterable<unknown>): AsyncGenerator<string, undefined> {
  for await (const item of items) yield `${JSON.stringify(item)}\n`
}

function* chunksOfLines(items: Iterable<unknown>): Generator<string, undefined> {
  let chunk = ''
  for (const item of items) {
    chunk += `${JSON.stringify(item)}\n`
    if (chunk.length >= CHUNK_CHARACTERS) {
      yield chunk
      chunk = ''
    }
  }
  if (chunk !== '') yield chunk
}

/** Leaving the loop early gives the stream up. */
export async function* decodeNdjson<Item>(stream: ReadableStream<Uint8Array>): AsyncGenerator<Item> {
  const reader = stream.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      const lines = (rest + decoder.decode(value, { stream: !done })).split('\n')
      rest = done ? '' : (lines.pop() ?? '')
      for (const line of lines) if (line.trim() !== '') yield parseLine<Item>(line)
      if (done) return
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

function parseLine<Item>(line: string): Item {
  try {
    return JSON.parse(line) as Item
  } catch (cause) {
    throw new TaskFlowApiError('RESPONSE_INVALID', 'A line of the reply is not JSON: is it a TaskFlow server?', {
      cause,
    })
  }
}
