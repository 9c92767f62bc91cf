import { expect, test } from 'vitest'
import { submissionAt } from './mix.ts'

const hundred = Array.from({ length: 100 }, (_, n) => submissionAt(n))

const count = (isOne: (submission: ReturnType<typeof submissionAt>) => boolean): number => hundred.filter(isOne).length

test('each hundred submissions have every kind, and most are plain', () => {
  expect({
    plain: count(({ task, key }) => task.type === 'soak.plain' && !task.delayMs && !task.labels && key === undefined),
    labelled: count(({ task, key }) => task.labels !== undefined && key === undefined),
    delayed: count(({ task, cancelAfterMs }) => task.delayMs !== undefined && cancelAfterMs === undefined),
    retried: count(({ task }) => task.type === 'soak.fails-once'),
    withProgress: count(({ task }) => task.type === 'soak.reports-progress'),
    withLog: count(({ task }) => task.type === 'soak.logs'),
    keyed: count(({ key }) => key !== undefined),
    cancelled: count(({ cancelAfterMs }) => cancelAfterMs !== undefined),
    failing: count(({ task }) => task.type === 'soak.fails'),
  }).toEqual({
    plain: 70,
    labelled: 10,
    delayed: 5,
    retried: 4,
    withProgress: 3,
    withLog: 3,
    keyed: 3,
    cancelled: 1,
    failing: 1,
  })
})

test('a third of the tasks has a short retention', () => {
  expect(count(({ task }) => task.retentionMs !== undefined)).toBe(34)
})

test('keys are unique, and each task carries its key as a label', () => {
  const keyed = Array.from({ length: 1_000 }, (_, n) => submissionAt(n)).filter(({ key }) => key !== undefined)
  expect(new Set(keyed.map(({ key }) => key)).size).toBe(keyed.length)
  expect(keyed.filter(({ key, task }) => task.labels?.['idempotency-key'] !== key)).toEqual([])
})

test('tasks are cancelled before they are due', () => {
  for (const { task, cancelAfterMs = 0 } of hundred)
    if (cancelAfterMs > 0) expect(task.delayMs).toBeGreaterThan(cancelAfterMs)
})
