import { expect, test } from 'vitest'
import { replyLength } from './http-load.ts'

const REPLY = 'HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}'

test('waits for the whole head of a reply', () => {
  expect(replyLength(REPLY.slice(0, 30))).toBeUndefined()
})

test('counts head and body of the first reply', () => {
  expect(replyLength(`${REPLY}HTTP/1.1 201`)).toBe(REPLY.length)
})
