import { describe, expect, test } from 'vitest'
import { ERRORS } from './errors.ts'

const registry = Object.entries(ERRORS)

describe('the registry', () => {
  for (const [code, { status, title, hint }] of registry) {
    test(`${code} has a status of the 4xx or 5xx kind, a title and a hint`, () => {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/)
      expect(Number.isInteger(status) && status >= 400 && status < 600).toBe(true)
      expect(title).toMatch(/^[A-Z][^.]*[^.]$/)
      expect(hint).toMatch(/^[A-Z].*\.$/)
    })
  }

  test('has a title of its own for each code', () => {
    const titles = registry.map(([, { title }]) => title)
    expect(titles).toEqual([...new Set(titles)])
  })
})

test('nobody is told that nothing was stored when the database went away: the reply alone may be lost', () => {
  expect(ERRORS.DATABASE_UNAVAILABLE.hint).toContain('may have been stored')
  expect(ERRORS.DATABASE_UNAVAILABLE.hint).toContain('Idempotency-Key')
})
