import { TaskFlowApiError } from './errors.ts'
import { gatherLines } from './gather-lines.ts'

/** Newline-delimited JSON in both directions, without keeping all of it in memory. */
export interface EncodedItems {
  readonly stream: ReadableStream<Uint8Array>
  /** The error that the source of the items threw, if any. */
  readonly failure: { readonly error: unknown } | undefined
}

export function encodeNdjson(items: Iterable<unknown> | AsyncIterable<unknown>): EncodedItems {
  const lines = gatherLines(items)
  const encoder = new TextEncoder()
  let failure: EncodedItems['failure']
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const chunk = await lines.take()
        if (chunk === undefined) controller.close()
        else controller.enqueue(encoder.encode(chunk))
      } catch (error) {
        failure = { error }
        throw error
      }
    },
    cancel: () => lines.leave(),
  })
  return {
    stream,
    get failure() {
      return failure
    },
  }
}

/** Yields the items of a stream. Cancels the stream when the caller leaves the loop early. */
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
