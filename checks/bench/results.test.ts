import { expect, test } from 'vitest'
import { performancePage, readPerformancePage, replacePart, wrapped } from './performance-page.ts'
import { contendersOf } from './results.ts'
import { SCENARIOS } from './scenarios.ts'
import { markdownText, tableOf } from './table.ts'

const figures = { submit: 'tasks/s', run: 'tasks/s' } as const

const rounds = { hare: [{ submit: 10, run: 5 }, { submit: 30 }], limit: [{ submit: 100 }, { submit: 100 }] }

test('leaves out what a contender does not measure', () => {
  const contenders = contendersOf({ figures }, rounds)
  expect(Object.keys(contenders.limit ?? {})).toEqual(['submit'])
  expect(markdownText(tableOf({ contenders, units: figures }))).toBe(
    [
      '|  | submit, tasks/s | run, tasks/s |',
      '| --- | ---: | ---: |',
      '| hare | 20 (10 to 30) | 5 |',
      '| limit | 100 (100 to 100) | – |',
    ].join('\n'),
  )
})

test('refuses a page that has lost its marks', () => {
  expect(() => replacePart('# Performance', 'results', 'new')).toThrow('no marks for its generated results')
})

test('the page shows the results that are there', () => {
  const page = readPerformancePage()
  expect(page).toBe(performancePage(page, SCENARIOS))
})

test('breaks a paragraph between words, at 120 columns', () => {
  const lines = wrapped(Array.from({ length: 50 }, (_, index) => `word${index}`).join(' ')).split('\n')
  expect(lines.map(({ length }) => length <= 120)).toEqual([true, true, true])
  expect(lines[0]?.length).toBeGreaterThan(112)
})
