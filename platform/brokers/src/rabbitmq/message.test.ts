import { newTaskId } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { decodeMessage, encodeMessage } from './message.ts'

test('a message comes as it was sent', () => {
  const message = { taskId: newTaskId(), rankMs: -1_767_225_600_000.5 }
  expect(decodeMessage(encodeMessage(message))).toEqual(message)
})

for (const [what, body] of Object.entries({
  'an empty one': '',
  'one without an id': '1',
  'one whose id is none': '1 task',
  'one whose rank is none': `soon ${newTaskId()}`,
  'one without a rank': ` ${newTaskId()}`,
  'one that goes on': `1 ${newTaskId()} 2`,
  bytes: Buffer.from(`1 ${newTaskId()}`),
  'an object': { taskId: newTaskId() },
}))
  test(`${what} is no message of ours`, () => {
    expect(decodeMessage(body)).toBeUndefined()
  })
