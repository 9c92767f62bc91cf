import { expect, test } from 'vitest'
import { replaceBlock } from './performance-page.ts'
import { contendersOf } from './results.ts'
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
  expect(() => replaceBlock('# Performance', 'new')).toThrow('no marks')
})
