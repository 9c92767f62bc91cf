import { expect, test } from 'vitest'
import { delayBeforeRetryMs, parseRetryAfterMs } from './backoff.ts'
import { TaskFlowApiError } from './errors.ts'

const unreachable = new TaskFlowApiError('SERVER_UNREACHABLE', 'gone')
const almostOne = () => 0.999_999

test('the ceiling doubles with each retry, up to five seconds', () => {
  const ceilings = [0, 1, 2, 3, 4, 5, 9].map((retry) => delayBeforeRetryMs(unreachable, retry, almostOne))
  expect(ceilings).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000])
})

test('the delay is anywhere below the ceiling', () => {
  expect(delayBeforeRetryMs(unreachable, 3, () => 0)).toBe(0)
})

test('waits for the time in Retry-After, and a little more', () => {
  const busy = new TaskFlowApiError('RATE_LIMITED', 'slow down', { status: 429, retryAfterMs: 2_000 })
  expect(delayBeforeRetryMs(busy, 0, () => 0.5)).toBe(2_100)
})

test('does not retry an error that a retry cannot fix', () => {
  expect(delayBeforeRetryMs(new TaskFlowApiError('INTERNAL', 'oops', { status: 500 }), 0, almostOne)).toBeUndefined()
})

test('Retry-After is seconds or a date', () => {
  expect(parseRetryAfterMs('3', 0)).toBe(3_000)
  expect(parseRetryAfterMs('Thu, 01 Jan 1970 00:00:05 GMT', 2_000)).toBe(3_000)
  expect(parseRetryAfterMs('Thu, 01 Jan 1970 00:00:00 GMT', 2_000)).toBe(0)
  expect(parseRetryAfterMs('soon', 0)).toBeUndefined()
  expect(parseRetryAfterMs(null, 0)).toBeUndefined()
})
