import { expect, test } from 'vitest'
import { calmSince, isCalm, type Sample } from './recovery.ts'

const CALM = { waitingMs: 20, silentMs: 900, unfinished: 5 }

/** One sample each half second, from 0. */
const every500 = (...states: Partial<Sample>[]): Sample[] =>
  states.map((state, index) => ({ ...CALM, ...state, atMs: index * 500 }))
const calm = (count: number): Partial<Sample>[] => Array.from({ length: count }, () => ({}))

test('a moment is calm when no task waits and every holder sends heartbeats', () => {
  expect(isCalm({ ...CALM, atMs: 0 })).toBe(true)
  expect(isCalm({ ...CALM, atMs: 0, waitingMs: 4_000 })).toBe(false)
  expect(isCalm({ ...CALM, atMs: 0, silentMs: 5_000 })).toBe(false)
})

test('a database that does not answer is not calm', () => {
  expect(isCalm({ ...CALM, atMs: 0, waitingMs: undefined })).toBe(false)
})

test('the calm begins at the first moment after the last that was not calm', () => {
  const samples = every500(...calm(2), { waitingMs: 9_000 }, ...calm(2), { silentMs: 4_000 }, ...calm(8))
  expect(calmSince(samples, 0)).toBe(3_000)
})

test('a calm must last for a while to count', () => {
  expect(calmSince(every500({ waitingMs: 9_000 }, ...calm(5)), 0)).toBeUndefined()
})

test('samples before the end of the harm do not count', () => {
  expect(calmSince(every500({ waitingMs: 9_000 }, ...calm(12)), 2_000)).toBe(2_000)
})
