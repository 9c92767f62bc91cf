import { expect, test } from 'vitest'
import { interleaved, percentileOf, spreadOf } from './rounds.ts'

test('runs the contenders in turn, round by round', async () => {
  const runs: string[] = []
  const contender = (name: string) => async () => {
    runs.push(name)
    return { rate: runs.length }
  }
  const { figures } = await interleaved(2, { a: contender('a'), b: contender('b') }, () => {})
  expect(runs).toEqual(['a', 'b', 'a', 'b'])
  expect(figures).toEqual({ a: [{ rate: 1 }, { rate: 3 }], b: [{ rate: 2 }, { rate: 4 }] })
})

test('lets a contender sit a round out', async () => {
  const once = (round: number) => (round > 1 ? undefined : Promise.resolve({ rate: round }))
  const { figures } = await interleaved(2, { once, always: async (round) => ({ rate: round }) }, () => {})
  expect(figures).toEqual({ once: [{ rate: 1 }], always: [{ rate: 1 }, { rate: 2 }] })
})

test('takes a contender that failed out of the race, and lets the others go on', async () => {
  let calls = 0
  const fickle = async () => {
    if (++calls === 2) throw new Error('out of memory')
    return { rate: 1 }
  }
  const { figures, failed } = await interleaved(3, { fickle, steady: async () => ({ rate: 2 }) }, () => {})
  expect(calls).toBe(2)
  expect(figures).toEqual({ steady: [{ rate: 2 }, { rate: 2 }, { rate: 2 }] })
  expect(failed.fickle?.message).toBe('out of memory')
})

test('gives median, least and most, and keeps the order of the rounds', () => {
  expect(spreadOf([300, 100, 200])).toEqual({ median: 200, min: 100, max: 300, rounds: [300, 100, 200] })
})

test('takes the middle between the two middle rounds of an even number', () => {
  expect(spreadOf([100, 400, 200, 300]).median).toBe(250)
})

test('keeps three digits of small figures and whole numbers of large ones', () => {
  expect(spreadOf([1.23456, 12_345.6]).rounds).toEqual([1.23, 12_346])
})

test('finds the value that a share of all do not exceed', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index)
  expect([percentileOf(values, 0.5), percentileOf(values, 0.99), percentileOf([7], 0.99)]).toEqual([100, 198, 7])
})
