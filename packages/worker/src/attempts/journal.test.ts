import { TaskFlowError, uuidV7Ids } from '@taskflow/kernel'
import type { NewLogLine, TaskId } from '@taskflow/tasks'
import { PROJECT } from '@taskflow/testing/factories'
import { handClock, settled } from '@taskflow/testing/hand-clock'
import { expect, test } from 'vitest'
import { journal } from './journal.ts'

test('sends a line again under the same id', async () => {
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
  expect(sent[0]?.map(({ id }) => id)).toEqual(sent[0]?.map(({ id }) => id).sort())
  expect(new Set(sent[0]?.map(({ id }) => id)).size).toBe(2)
})
