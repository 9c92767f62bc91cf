import { newTaskId } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { decodeMessage, encodeMessage } from './message.ts'

test('decoding returns the encoded message', () => {
  const message = { taskId: newTaskId(), rankMs: -1_767_225_600_000.5 }
  expect(decodeMessage(encodeMessage(message))).toEqual(message)
})

for (const [what, body] of Object.entries({
  'an empty body': '',
  'a body without an id': '1',
  'a body with an invalid id': '1 task',
  'a body with an invalid rank': `soon ${newTaskId()}`,
  'a body without a rank': ` ${newTaskId()}`,
  'a body with a third part': `1 ${newTaskId()} 2`,
  bytes: Buffer.from(`1 ${newTaskId()}`),
  'an object': { taskId: newTaskId() },
}))
  test(`${what} is not decoded`, () => {
    expect(decodeMessage(body)).toBeUndefined()
  })
