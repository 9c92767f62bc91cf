import { expect, test } from 'vitest'
import { gatherLines } from './gather-lines.ts'

async function chunksOf(items: Iterable<unknown> | AsyncIterable<unknown>): Promise<string[]> {
  const lines = gatherLines(items)
  const chunks: string[] = []
  for (let chunk = await lines.take(); chunk !== undefined; chunk = await lines.take()) chunks.push(chunk)
  return chunks
}

test('items that are available together share a chunk', async () => {
  async function* quick() {
    for (let n = 0; n < 100; n++) yield n
  }
  expect(await chunksOf(quick())).toHaveLength(1)
  expect(await chunksOf([1, 2, 3])).toEqual(['1\n2\n3\n'])
})

test('a single item does not wait for more', async () => {
  let give = (_item: number) => {}
  const given = new Promise<number>((resolve) => (give = resolve))
  async function* slow() {
    yield 1
    yield await given
  }
  const lines = gatherLines(slow())
  expect(await lines.take()).toBe('1\n')
  give(2)
  expect(await lines.take()).toBe('2\n')
  expect(await lines.take()).toBeUndefined()
})

test('the source is read at most one chunk ahead', async () => {
  let isRead = 0
  function* endless() {
    for (;;) {
      isRead++
      yield 'x'.repeat(1_000)
    }
  }
  const lines = gatherLines(endless())
  await lines.take()
  await lines.take()
  expect(isRead).toBeLessThan(250)
  await lines.leave()
})

test('returns the items before a failure', async () => {
  async function* failing() {
    yield 1
    throw new Error('no more')
  }
  const lines = gatherLines(failing())
  expect(await lines.take()).toBe('1\n')
  await expect(lines.take()).rejects.toThrow('no more')
})

test('an empty source gives no chunk', async () => {
  expect(await chunksOf([])).toEqual([])
})
