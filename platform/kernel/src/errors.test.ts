import { expect, test } from 'vitest'
import { type ErrorCode, hasCode, TaskFlowError } from './errors.ts'

test('an error has its code, its details and its cause', () => {
  const cause = new Error('connection reset')
  const error = new TaskFlowError('DATABASE_UNAVAILABLE', 'The database does not answer', {
    cause,
    details: { retryInMs: 1_000 },
  })
  expect(error).toMatchObject({
    name: 'TaskFlowError',
    code: 'DATABASE_UNAVAILABLE',
    details: { retryInMs: 1_000 },
    cause,
  })
  expect(Object.hasOwn(new TaskFlowError('INTERNAL', 'x'), 'cause')).toBe(false)
})

test('hasCode recognises an error of another copy of the class by its code', () => {
  const twin = Object.assign(new Error('gone'), { code: 'TASK_NOT_FOUND' satisfies ErrorCode })
  expect(hasCode(twin, 'TASK_NOT_FOUND')).toBe(true)
  expect(hasCode(twin, 'QUEUE_NOT_FOUND')).toBe(false)
  for (const other of [undefined, null, 'TASK_NOT_FOUND', { code: 'TASK_NOT_FOUND' }]) {
    expect(hasCode(other, 'TASK_NOT_FOUND')).toBe(false)
  }
})
