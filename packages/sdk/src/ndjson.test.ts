import { expect, test } from 'vitest'
import { decodeNdjson, encodeNdjson } from './ndjson.ts'

const bytes = (...chunks: string[]) => ReadableStream.from(chunks.map((chunk) => new TextEncoder().encode(chunk)))

test('decoding returns the items that were encoded', async () => {
  const items = Array.from({ length: 5_000 }, (_, index) => ({ index, text: 'naïve\nsecond line' }))
  expect(await Array.fromAsync(decodeNdjson(encodeNdjson(items).stream))).toEqual(items)
})

test('a chunk may end within a line, and the last line needs no newline', async () => {
  expect(await Array.fromAsync(decodeNdjson(bytes('{"a"', ':1}\n{"a":2', '}\n\n', '{"a":3}')))).toEqual([
    { a: 1 },
    { a: 2 },
    { a: 3 },
  ])
})

test('a chunk may end within a character', async () => {
  const [text] = await Array.fromAsync(bytes('"é"\n'))
  const cut = ReadableStream.from([text!.slice(0, 2), text!.slice(2)])
  expect(await Array.fromAsync(decodeNdjson(cut))).toEqual(['é'])
})

test('leaving the loop early closes the source', async () => {
  let isLeft = false
  async function* endless() {
    try {
      for (;;) yield 1
    } finally {
      isLeft = true
    }
  }
  for await (const item of decodeNdjson(encodeNdjson(endless()).stream)) if (item === 1) break
  expect(isLeft).toBe(true)
})
