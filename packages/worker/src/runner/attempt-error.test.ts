import { describe, expect, test } from 'vitest'
import { attemptErrorOf } from './attempt-error.ts'

test('the stack names causes and inner errors', () => {
  const refused = new Error('connect ECONNREFUSED')
  const { message, stack } = attemptErrorOf(new TypeError('fetch failed', { cause: refused }))
  expect(message).toBe('fetch failed')
  expect(stack).toMatch(/^TypeError: fetch failed\n[\s\S]*\nCaused by: Error: connect ECONNREFUSED\n/)

  const all = new AggregateError([refused, 'a text', { code: 7 }], 'All promises were rejected')
  expect(attemptErrorOf(all).stack).toMatch(
    /\nError 1 of 3: Error: connect[\s\S]*\nError 2 of 3: a text\nError 3 of 3: \{ code: 7 \}$/,
  )
})

test('causes that lead to each other end', () => {
  const error = new Error('a')
  error.cause = new Error('b', { cause: error })
  expect(attemptErrorOf(error).stack?.match(/Caused by/g)?.length).toBeLessThan(10)
})

describe('a cause that cannot be read does not hide the error', () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const hostile = Object.defineProperty(new Error('x'), 'stack', {
    get() {
      throw proxy
    },
  })
  test.each([{ cause: proxy }, { cause: hostile }])('%#', (options) => {
    const { message, stack } = attemptErrorOf(new Error('outer', options))
    expect(message).toBe('outer')
    expect(stack).toMatch(/Caused by: (a value that cannot be read|<Revoked Proxy>)$/)
  })
})
