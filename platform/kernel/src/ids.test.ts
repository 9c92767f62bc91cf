import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { firstIdAt, isUuid, uuidV7Ids } from './ids.ts'

const start = Date.parse('2026-01-01T00:00:00Z')
const timeOf = (id: string): number => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)

/** Makes one id at each of these moments. */
function idsAt(moments: readonly number[], random: () => number = Math.random): string[] {
  let next = 0
  const ids = uuidV7Ids({ now: () => new Date(moments[next++] ?? start) }, random)
  return moments.map(() => ids.next())
}

const inOneMillisecond = (count: number): number[] => Array.from({ length: count }, () => start)

test('has the version and the variant of RFC 9562 for any random number', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(start), (chance, moment) => {
      const [id = ''] = idsAt([moment], () => chance)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(isUuid(id)).toBe(true)
    }),
  )
})

test('has the time in its first 48 bits', () => {
  expect(idsAt([start, start + 1]).map(timeOf)).toEqual([start, start + 1])
})

test('ascends and never repeats when the clock jumps', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5_000, max: 5_000 }), { minLength: 2, maxLength: 200 }), (jumps) => {
      const ids = idsAt(jumps.map((jump) => start + jump))
      expect(ids).toEqual([...new Set(ids)].sort())
    }),
  )
})

test('ascends when the counter of a millisecond overflows, by using the next millisecond', () => {
  const ids = idsAt(inOneMillisecond(20_000))
  expect(ids).toEqual([...new Set(ids)].sort())
  // At least 2048 fit into each millisecond, so the borrowed time stays close to the true one.
  expect(timeOf(ids.at(-1) as string) - start).toBeLessThanOrEqual(20_000 / 2_048)
})

test('follows a clock that is set back by more than the given time, and no smaller step', () => {
  let now = 1_000_000
  const ids = uuidV7Ids({ now: () => new Date(now) }, () => 0.5, { followsBackMs: 1_000 })
  const timeOf = (id: string): number => Number.parseInt(id.replace('-', '').slice(0, 12), 16)
  expect(timeOf(ids.next())).toBe(now)
  now -= 1_000
  expect(timeOf(ids.next())).toBe(1_000_000)
  now -= 1
  expect(timeOf(ids.next())).toBe(now)
})

test.each([-60_000, 0, 60_000])('ascends above an id that was made %d ms away, and goes on from there', (awayMs) => {
  const ids = uuidV7Ids({ now: () => new Date(start) }, () => 0.5)
  const [other] = idsAt([start + awayMs], () => 0.999)
  const before = ids.next()
  ids.raiseAbove(other as string)
  const after = Array.from({ length: 5_000 }, () => ids.next())
  const all = [before, ...after]
  expect(all).toEqual(all.toSorted())
  expect(after[0]! > other!).toBe(true)
})

test('keeps the last time used while the clock is behind', () => {
  expect(idsAt([start, start - 60_000, start - 1]).map(timeOf)).toEqual([start, start, start])
})

test('two generators make different ids at the same moment', () => {
  const ids = [...idsAt(inOneMillisecond(5_000)), ...idsAt(inOneMillisecond(5_000))]
  expect(new Set(ids).size).toBe(10_000)
})

describe('isUuid', () => {
  for (const text of [
    '',
    'task',
    '019b76da-a800-7000-8000-00000000000',
    '019B76DA-A800-7000-8000-000000000000',
    '019b76da-a800-7000-8000-000000000000\n',
  ]) {
    test(`rejects ${JSON.stringify(text)}`, () => {
      expect(isUuid(text)).toBe(false)
    })
  }
})

test('the first id of a moment sorts between the ids before and after the moment', () => {
  const [before = '', at = ''] = idsAt([start - 1, start])
  const bound = firstIdAt(new Date(start))
  expect(isUuid(bound)).toBe(true)
  expect(before < bound).toBe(true)
  expect(bound < at).toBe(true)
})

test('the first id of a moment before 1970 sorts before every id', () => {
  expect(firstIdAt(new Date('1969-12-31T23:00:00Z'))).toBe('00000000-0000-0000-0000-000000000000')
})
