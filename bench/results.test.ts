import { expect, test } from 'vitest'
import { replaceBlock } from './performance-page.ts'
import { contendersOf, ratiosOf } from './results.ts'
import type { Scenario } from './scenario.ts'
import { markdownText, tableOf } from './table.ts'

const scenario: Scenario = {
  name: 'race',
  summary: 'A race.',
  figures: { submit: 'tasks/s', run: 'tasks/s' },
  settings: () => ({}),
  contenders: () => ({}),
  ratios: [{ figure: 'submit', of: 'hare', to: 'limit' }],
}

const rounds = { hare: [{ submit: 10, run: 5 }, { submit: 30 }], limit: [{ submit: 100 }, { submit: 100 }] }

test('divides figures of the same round', () => {
  expect(ratiosOf(scenario, rounds)['submit: hare as a share of the limit']).toMatchObject({
    median: 20,
    min: 10,
    max: 30,
  })
})

test('leaves out what a contender does not measure', () => {
  const contenders = contendersOf(scenario, rounds)
  expect(Object.keys(contenders.limit ?? {})).toEqual(['submit'])
  expect(markdownText(tableOf({ contenders, units: scenario.figures }))).toBe(
    [
      '|  | submit, tasks/s | run, tasks/s |',
      '| --- | ---: | ---: |',
      '| hare | 20 (10 to 30) | 5 (5 to 5) |',
      '| limit | 100 (100 to 100) | – |',
    ].join('\n'),
  )
})

test('refuses a page that has lost its marks', () => {
  expect(() => replaceBlock('# Performance', 'new')).toThrow('no marks')
})
