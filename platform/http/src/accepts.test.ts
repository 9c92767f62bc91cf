import { describe, expect, test } from 'vitest'
import { accepts } from './accepts.ts'

const CASES: readonly (readonly [accept: string, isAccepted: boolean])[] = [
  ['application/json', true],
  ['application/json; charset=utf-8', true],
  ['text/html, Application/*;q=0.2', true],
  ['*/*;q=0.001', true],
  ['text/html, */*', true],
  ['*/*;q=0, application/json', true],
  ['application/*;q=0, application/json;q=0.1', true],
  ['text/*;q=0, */*', true],
  ['application/json;q=0, application/json', true],
  ['application/json;q=0', false],
  ['application/json;q=0, */*', false],
  ['*/*, application/json; q=0.000', false],
  ['application/*;q=0, */*', false],
  ['*/*;q=0', false],
  ['text/html', false],
  ['', false],
]

describe('Accept', () => {
  for (const [accept, isAccepted] of CASES)
    test(`${JSON.stringify(accept)} ${isAccepted ? 'allows' : 'excludes'} JSON`, () => {
      expect(accepts(accept, 'application/json')).toBe(isAccepted)
    })
})
