import { describe, expect, test } from 'vitest'
import { ERRORS, type ErrorCode, hasCode, TaskFlowError } from './errors.ts'

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

test('an error carries its code, its status, its details and its cause', () => {
  const cause = new Error('connection reset')
  const error = new TaskFlowError('DATABASE_UNAVAILABLE', 'The database does not answer', {
    cause,
    details: { retryInMs: 1_000 },
  })
  expect(error).toMatchObject({ name: 'TaskFlowError', status: 503, details: { retryInMs: 1_000 }, cause })
  expect(Object.hasOwn(new TaskFlowError('INTERNAL', 'x'), 'cause')).toBe(false)
})

test('is told by its code, also when another copy of the class threw it', () => {
  const twin = Object.assign(new Error('gone'), { code: 'TASK_NOT_FOUND' satisfies ErrorCode })
  expect(hasCode(twin, 'TASK_NOT_FOUND')).toBe(true)
  expect(hasCode(twin, 'QUEUE_NOT_FOUND')).toBe(false)
  for (const stranger of [undefined, null, 'TASK_NOT_FOUND', { code: 'TASK_NOT_FOUND' }]) {
    expect(hasCode(stranger, 'TASK_NOT_FOUND')).toBe(false)
  }
})
