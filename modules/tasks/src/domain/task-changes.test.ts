import { newTask } from '@taskflow/testing'
import { describe, expect, test } from 'vitest'
import { applyChanges, changesOf } from './task-changes.ts'

const requested = newTask({ labels: { a: 'b' }, runAt: new Date('2026-01-01T00:00:00Z') })

test('nothing differs for equal tasks', () => {
  expect(changesOf(requested, { ...requested, labels: { a: 'b' }, runAt: new Date(requested.runAt!) })).toBeNull()
  expect(applyChanges(requested, null)).toBe(requested)
})

describe('what differs is kept and applied again', () => {
  test.each([
    { queue: 'reports' },
    { priority: 'high' as const, maxAttempts: 1 },
    { retry: { baseMs: 1, factor: 2, maxMs: 3, jitter: 'none' as const } },
    { timeouts: { startToCloseMs: 5 }, retentionMs: 7 },
    { runAt: new Date('2027-02-03T04:05:06.789Z') },
    { runAt: null, delayMs: 5 },
    { labels: null, title: 'a', description: 'b' },
  ])('%o', (differing) => {
    const changes = changesOf(requested, { ...requested, ...differing })
    expect(Object.keys(changes ?? {}).toSorted()).toEqual(Object.keys(differing).toSorted())
    expect(applyChanges(requested, JSON.stringify(changes))).toEqual({ ...requested, ...differing })
  })
})
