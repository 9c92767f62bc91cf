import { expect, test } from 'vitest'
import type { Result } from '../results.ts'
import { spreadOf } from '../rounds.ts'
import { compare } from './comparison.ts'

const resultOf = (contenders: Record<string, Record<string, number>>): Result =>
  ({
    scenario: 'submit',
    units: { rate: 'tasks/s', wait: 'ms' },
    contenders: Object.fromEntries(
      Object.entries(contenders).map(([name, figures]) => [
        name,
        Object.fromEntries(Object.entries(figures).map(([figure, value]) => [figure, spreadOf([value])])),
      ]),
    ),
  }) as unknown as Result

const rounds = (...rates: number[]) => rates.map((rate) => [resultOf({ TaskFlow: { rate } })])

test('divides the medians, and shows the range of the rounds', () => {
  expect(compare(rounds(100, 200, 400), rounds(110, 180, 400))).toEqual([
    {
      scenario: 'submit',
      contender: 'TaskFlow',
      figure: 'rate',
      unit: 'tasks/s',
      before: [100, 200, 400],
      after: [110, 180, 400],
      ratio: 0.9,
      range: [0.9, 1.1],
    },
  ])
})

test('leaves out what one commit does not measure in every round', () => {
  const before = [[resultOf({ TaskFlow: { rate: 1 } })], [resultOf({ TaskFlow: { rate: 1, wait: 2 } })]]
  const after = [1, 2].map(() => [resultOf({ TaskFlow: { rate: 1, wait: 2 }, other: { rate: 3 } })])
  expect(compare(before, after).map(({ contender, figure }) => [contender, figure])).toEqual([['TaskFlow', 'rate']])
})
