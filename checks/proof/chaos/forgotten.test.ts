import { expect, test } from 'vitest'
import { forgottenStarts, type Start } from './forgotten.ts'

const CRASH = { fromMs: 100_000, toMs: 104_000 }

const start = (leaseId: string, claimedAtMs: number): Start => ({
  kind: 'started',
  taskId: 'task',
  leaseId,
  attempt: 1,
  process: '1',
  atMs: claimedAtMs + 100,
  claimedAtMs,
})

const forgotten = (given: Start, known: readonly string[] = [], crashes = [CRASH]): boolean =>
  forgottenStarts([given], new Set(known), crashes).has(given)

test('an unrecorded lease that was claimed just before a crash was forgotten', () => {
  expect(forgotten(start('lost', 99_700))).toBe(true)
})

test('an unrecorded lease that was claimed while the database went down was forgotten', () => {
  expect(forgotten(start('lost', 100_200))).toBe(true)
})

test('a recorded lease was not forgotten', () => {
  expect(forgotten(start('kept', 99_700), ['kept'])).toBe(false)
})

test('a lease that was claimed long before a crash, or after it, must be recorded', () => {
  expect(forgotten(start('unrecorded', 90_000))).toBe(false)
  expect(forgotten(start('unrecorded', 105_000))).toBe(false)
})

test('without a crash every lease must be recorded', () => {
  expect(forgotten(start('unrecorded', 99_700), [], [])).toBe(false)
})
