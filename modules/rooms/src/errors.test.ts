import { describe, expect, test } from 'vitest'
import { ERRORS } from './errors.ts'

const registry = Object.entries(ERRORS)

describe('the registry', () => {
  for (const [code, { status, title, hint }] of registry) {
    test(`${code} has a 4xx or 5xx status, a title and a hint`, () => {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/)
      expect(Number.isInteger(status) && status >= 400 && status < 600).toBe(true)
      expect(title).toMatch(/^[A-Z][^.]*[^.]$/)
      expect(hint).toMatch(/^[A-Z].*\.$/)
    })
  }

  test('has a different title for each code', () => {
    const titles = registry.map(([, { title }]) => title)
    expect(titles).toEqual([...new Set(titles)])
  })
})

test('warns that a request may have been stored when the database becomes unavailable', () => {
  expect(ERRORS.DATABASE_UNAVAILABLE.hint).toContain('may have been stored')
  expect(ERRORS.DATABASE_UNAVAILABLE.hint).toContain('Idempotency-Key')
})
