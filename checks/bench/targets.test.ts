import { expect, test } from 'vitest'
import { reachedOf, type Target } from './targets.ts'

const target: Target = {
  row: 'D',
  measure: 'a race',
  figure: 'rate',
  of: 'hare',
  to: ['tortoise', 'snail'],
  atLeast: 2,
}

const rounds = {
  hare: [{ rate: 30 }, { rate: 40 }, { rate: 90 }],
  tortoise: [{ rate: 10 }, { rate: 20 }, { rate: 30 }],
  snail: [{ rate: 1 }, { rate: 25 }],
}

test('divides by the best of the others in the same round', () => {
  expect(reachedOf(target, rounds)).toMatchObject({ spread: { rounds: [3, 1.6, 3] }, isMet: true })
})

test('takes the least of the others where less is better', () => {
  const { spread, isMet } = reachedOf({ ...target, atLeast: undefined, atMost: 2 } as never, rounds)
  expect([spread?.rounds, isMet]).toEqual([[30, 2, 3], false])
})

test('judges a figure by itself where it is measured against nobody', () => {
  const { row, measure, figure, of } = target
  expect(reachedOf({ row, measure, figure, of, atMost: 50 }, rounds)).toMatchObject({
    spread: { median: 40 },
    isMet: true,
  })
})

test('says nothing of a target whose other side was not measured', () => {
  const { hare } = rounds
  expect(reachedOf(target, { hare })).toMatchObject({ spread: undefined, isMet: undefined })
})
