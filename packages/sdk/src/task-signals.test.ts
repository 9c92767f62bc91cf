import { expect, test } from 'vitest'
import { PermanentError, RetryAfter, taskSignalOf } from './task-signals.ts'

test('recognises a permanent error', () => {
  expect(taskSignalOf(new PermanentError('no such customer'))).toEqual({ kind: 'permanent' })
})

test('recognises a retry and rounds its delay up to whole milliseconds', () => {
  expect(taskSignalOf(new RetryAfter(1_500.2))).toEqual({ kind: 'retryAfter', delayMs: 1_501 })
})

test('recognises a signal of another copy of the package', () => {
  const foreign = Object.assign(new Error('no'), { [Symbol.for('taskflow.signal')]: { kind: 'permanent' } })
  expect(taskSignalOf(foreign)).toEqual({ kind: 'permanent' })
})

test('recognises a subclass of a permanent error', () => {
  class CustomerGone extends PermanentError {}
  expect(taskSignalOf(new CustomerGone('gone'))).toEqual({ kind: 'permanent' })
})

test.each([new Error('plain'), 'text', null, undefined, 7])('finds no signal in %s', (thrown) => {
  expect(taskSignalOf(thrown)).toBeUndefined()
})

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 8.9e15, 315_360_000_000.5])('refuses a delay of %s', (delayMs) => {
  expect(() => new RetryAfter(delayMs)).toThrow('Expected `delayMs` to be a number of milliseconds from 0')
})

test.each([
  ['a revoked proxy', revokedProxy()],
  [
    'a decision that throws when it is read',
    {
      get [Symbol.for('taskflow.signal')]() {
        throw new Error('no')
      },
    },
  ],
  ['a decision that is not known', { [Symbol.for('taskflow.signal')]: { kind: 'dance' } }],
  ['a delay that is no number', { [Symbol.for('taskflow.signal')]: { kind: 'retryAfter', delayMs: () => 1 } }],
  ['a delay that is too long', { [Symbol.for('taskflow.signal')]: { kind: 'retryAfter', delayMs: 1e300 } }],
])('finds no signal in %s', (_, thrown) => {
  expect(taskSignalOf(thrown)).toBeUndefined()
})

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
