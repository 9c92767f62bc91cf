import { TaskFlowError, uuidV7Ids } from '@taskflow/kernel'
import type { NewLogLine, TaskId } from '@taskflow/tasks'
import { PROJECT } from '@taskflow/testing/factories'
import { handClock, settled } from '@taskflow/testing/hand-clock'
import { expect, test } from 'vitest'
import { journal } from './journal.ts'

const HOUR_MS = 3_600_000

test('sends a line again under the same id, with its time by the clock of the database', async () => {
  const clock = handClock()
  const sent: NewLogLine[][] = []
  const { append } = journal({
    storage: {
      async appendLogs(lines) {
        sent.push([...lines])
        if (sent.length === 1) throw new TaskFlowError('DATABASE_UNAVAILABLE', 'The reply was lost')
      },
      async recordProgress() {},
    },
    clock,
    // An hour behind that of this machine.
    databaseClock: { at: (local) => new Date(local.getTime() - HOUR_MS) },
    ids: uuidV7Ids(clock, Math.random),
    signal: new AbortController().signal,
    onError() {},
  })
  const at = clock.now()
  const line = { project: PROJECT, taskId: 'a' as TaskId, attempt: 1, at, level: 'info', fields: null } as const
  const stored = append(['one', 'two'].map((message) => ({ ...line, message })))
  await settled()
  await clock.advance(50)
  await stored
  expect(sent).toHaveLength(2)
  expect(sent[1]).toEqual(sent[0])
  expect(sent[0]?.map((each) => each.at)).toEqual(Array(2).fill(new Date(at.getTime() - HOUR_MS)))
  expect(sent[0]?.map(({ id }) => id)).toEqual(sent[0]?.map(({ id }) => id).sort())
  expect(new Set(sent[0]?.map(({ id }) => id)).size).toBe(2)
})

test('stores no line before an earlier one, also while the database is away', async () => {
  const clock = handClock()
  const stored: string[] = []
  let isAway = true
  const { append } = journal({
    storage: {
      async appendLogs(lines) {
        if (isAway) throw new TaskFlowError('DATABASE_UNAVAILABLE', 'away')
        stored.push(...lines.map(({ message }) => message))
      },
      async recordProgress() {},
    },
    clock,
    databaseClock: { at: (local) => local },
    ids: uuidV7Ids(clock, Math.random),
    signal: new AbortController().signal,
    onError() {},
  })
  const line = {
    project: PROJECT,
    taskId: 'a' as TaskId,
    attempt: 1,
    at: clock.now(),
    level: 'info',
    fields: null,
  } as const
  const all = [append([{ ...line, message: 'one' }])]
  await settled()
  isAway = false
  all.push(append([{ ...line, message: 'two' }]))
  await settled()
  expect(stored).toEqual([])
  for (let passed = 0; passed < 10; passed++) await clock.advance(500)
  await Promise.all(all)
  expect(stored).toEqual(['one', 'two'])
})
