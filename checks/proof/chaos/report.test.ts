import { expect, test } from 'vitest'
import { reportOf } from './report.ts'
import type { ChaosResult } from './result.ts'

const RESULT: ChaosResult = {
  accepted: 1_200,
  figures: { succeeded: 1_100, failed: 80, cancelled: 20, quarantined: 3, unfinished: 0, attempts: 1_900, rescues: 41 },
  lost: 0,
  doubled: 0,
  refusedAsStale: 7,
  forgottenClaims: 2,
  workersLost: 5,
  deaths: 4,
  calls: { calls: 700, retried: 55, cancelled: 12, redriven: 9, refused: 3 },
  harms: { 'kill a process': 2, 'crash PostgreSQL': 1 },
  recoveries: [
    { harms: ['kill a process'], firstTaskMs: 120, calmMs: 13_400, isDisturbed: false },
    { harms: ['kill a process', 'crash PostgreSQL'], firstTaskMs: 2_300, calmMs: 4_000, isDisturbed: false },
  ],
  missing: {},
  violations: [],
  versions: ['PostgreSQL 15 (machine)'],
  seconds: 60,
}

const lineOf = (what: string, result = RESULT): string | undefined =>
  reportOf(result)
    .split('\n')
    .find((line) => line.startsWith(what))
    ?.slice(what.length)
    .trim()

test('the table shows the accepted tasks and their outcomes', () => {
  expect(lineOf('accepted')).toBe('1200')
  expect(lineOf('finished')).toBe('1100 succeeded, 80 failed, 20 cancelled')
  expect([lineOf('lost'), lineOf('doubled')]).toEqual(['0', '0'])
  expect([lineOf('refused as stale'), lineOf('rescues'), lineOf('quarantined')]).toEqual(['7', '41', '3'])
})

test('the table shows the slowest recovery with its harm', () => {
  expect(lineOf('longest until a new task had run')).toBe('2.3 s (kill a process and crash PostgreSQL)')
  expect(lineOf('longest until recovered')).toBe('13.4 s (kill a process)')
})

test('a recovery that a task disturbed does not count for the harm', () => {
  const disturbed = { harms: ['kill a process'], firstTaskMs: 90, calmMs: 40_000, isDisturbed: true } as const
  expect(lineOf('longest until recovered', { ...RESULT, recoveries: [...RESULT.recoveries, disturbed] })).toBe(
    '13.4 s (kill a process)',
  )
})

test('the table shows the count and the slowest recovery of each kind of harm', () => {
  expect(lineOf('  kill a process')).toBe('2, a new task after at most 2.3 s, recovered after 13.4 s')
})

test('the table shows each impossible harm with the reason', () => {
  const result = { ...RESULT, missing: { 'fill the disk': 'only root on Linux may mount a disk' } }
  expect(lineOf('not done: fill the disk', result)).toBe('only root on Linux may mount a disk')
})

test('the report lists broken promises one by one, and counts those beyond the maximum', () => {
  const violations = Array.from({ length: 32 }, (_, n) => ({
    promise: 'P1',
    sentence: `task ${n} was accepted and is gone`,
  }))
  const report = reportOf({ ...RESULT, violations })
  expect(report).toContain('Broken promises: 32')
  expect(report).toContain('  P1: task 29 was accepted and is gone\n  … and 2 more')
  expect(reportOf(RESULT)).toContain('No promise was broken')
})
