import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { eventually, PROJECT, settled, within } from '@taskflow/testing'
import { ADMIN_TOKEN, MAX_PAYLOAD_BYTES, useApi } from '@taskflow/testing/given-api'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Submission } from '../ports/task-store.ts'
import { submitLines as streamOf } from './submit-lines.ts'

const given = useApi()
beforeAll(() => given.app.listen({ host: '127.0.0.1', port: 0 }))

const NDJSON = { 'content-type': 'application/x-ndjson' }

async function submitLines(body: string, headers: Record<string, string> = {}) {
  const { status, text, headers: got } = await given.call('POST', '/v1/tasks/batch', body, { ...NDJSON, ...headers })
  const replies = text.split('\n').filter((line) => line !== '')
  return { status, type: got['content-type'], replies: replies.map((line) => JSON.parse(line)) }
}

const countOf = async (type: string): Promise<number> => {
  const [row] = await rowsOf<{ tasks: number }>(given.db, `select count(*) as tasks from task where type = '${type}'`)
  return row?.tasks ?? -1
}

test('replies with the outcome of each line in order, and stores the valid lines', async () => {
  const { status, type, replies } = await submitLines(
    [
      '{"type":"test.lines"}',
      '',
      'nonsense',
      '  \t\r',
      '{"type":"test.lines","extra":1}',
      `{"type":"test.lines","payload":"${'x'.repeat(MAX_PAYLOAD_BYTES)}"}`,
      `{"type":"test.lines","payload":"${'x'.repeat(400_000)}"}`,
      '{"type":"test.lines","payload":"\\u0000"}',
      '{"type":"test.lines"}\r',
    ].join('\n'),
  )
  expect({ status, type }).toEqual({ status: 201, type: 'application/x-ndjson' })
  expect(replies.map(({ line, error }) => [line, error?.code ?? 'stored'])).toEqual([
    [1, 'stored'],
    [3, 'REQUEST_MALFORMED'],
    [5, 'REQUEST_MALFORMED'],
    [6, 'PAYLOAD_TOO_LARGE'],
    [7, 'PAYLOAD_TOO_LARGE'],
    [8, 'REQUEST_MALFORMED'],
    [9, 'stored'],
  ])
  expect(await countOf('test.lines')).toBe(2)
})

test('ignores a byte order mark, which PowerShell writes at the start of a file', async () => {
  const { replies } = await submitLines('\ufeff{"type":"test.mark"}\r\n{"type":"test.mark"}\r\n')
  expect(replies).toMatchObject([
    { line: 1, id: expect.any(String) },
    { line: 2, id: expect.any(String) },
  ])
  expect((await submitLines('\ufeff\r\n{"type":"test.mark"}')).replies).toMatchObject([
    { line: 2, id: expect.any(String) },
  ])
})

test('stores each line once when the stream is repeated with its idempotency key', async () => {
  const body = '{"type":"test.again"}\n{"type":"test.again"}\n'
  const key = { 'idempotency-key': 'stream' }
  const [first, again] = [await submitLines(body, key), await submitLines(body, key)]
  expect(again.replies).toEqual(first.replies)
  expect(await countOf('test.again')).toBe(2)
})

const neverRefused = () => {
  throw new Error('Expected no line to be refused')
}

test('assigns ids that ascend with the lines, also when a line waits for the query of its type', async () => {
  let isKnown = (): void => {}
  const known = new Promise<void>((resolve) => {
    isKnown = resolve
  })
  let next = 0
  const deps = {
    types: {
      async find(_project: string, type: string) {
        if (type === 'unknown.type') await known
        return undefined
      },
    },
    ids: { next: () => String(++next) },
    maxPayloadBytes: MAX_PAYLOAD_BYTES,
    storage: {
      submitTasks: async ({ tasks }: Submission) => ({
        ids: tasks.map(({ id }) => id),
        createdAt: new Date(0),
        replayed: false,
      }),
      findSubmitted: async () => [],
    },
  }
  const input = Readable.from([Buffer.from('{"type":"unheard.of"}\n'), Buffer.from('{"type":"test.lines"}\n')])
  const principal = { actor: 'key:test', role: 'submitter', project: PROJECT } as const
  const replies = Array.fromAsync(streamOf(input, deps, { principal, instance: 'request', problemOf: neverRefused }))
  await settled()
  isKnown()
  const ids = (await replies)
    .join('')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).id)
  expect(ids).toEqual(['1', '2'])
})

test('replies with no lines to an empty stream', async () => {
  expect((await submitLines('\n\n')).replies).toEqual([])
})

test('accepts ten thousand lines', async () => {
  const lines = Array.from({ length: 10_000 }, (_, n) => JSON.stringify({ type: 'test.many', payload: { n } }))
  const { replies } = await submitLines(lines.join('\n'))
  expect(replies.map(({ line }) => line)).toEqual(lines.map((_, index) => index + 1))
  expect(new Set(replies.map(({ id }) => id)).size).toBe(10_000)
  expect(await countOf('test.many')).toBe(10_000)
})

describe('while the stream is open', () => {
  function openStream(): ClientRequest {
    const { port } = given.app.server.address() as AddressInfo
    const stream = request({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/v1/tasks/batch',
      headers: { ...NDJSON, authorization: `Bearer ${ADMIN_TOKEN}` },
    })
    stream.on('error', () => undefined)
    return stream
  }

  const nextLine = async (reply: IncomingMessage) => {
    const [chunk] = (await within(5_000, once(reply, 'data'), 'a line')) as [Buffer]
    return JSON.parse(chunk.toString())
  }

  test('answers each line before the next is sent', async () => {
    const stream = openStream()
    const responded = once(stream, 'response')
    stream.write('{"type":"test.talk"}\n')
    const [reply] = (await within(5_000, responded, 'the reply')) as [IncomingMessage]
    expect(await nextLine(reply)).toMatchObject({ line: 1, id: expect.any(String) })
    stream.write('{"type":"test.talk"}\n')
    expect(await nextLine(reply)).toMatchObject({ line: 2, id: expect.any(String) })
    stream.end()
    await within(5_000, once(reply.resume(), 'end'), 'the end')
  })

  test('stops reading once the caller has disconnected, and continues to serve others', async () => {
    const stream = openStream()
    const responded = once(stream, 'response')
    stream.write('{"type":"test.left"}\n{"type":"test.left"')
    const [reply] = (await within(5_000, responded, 'the reply')) as [IncomingMessage]
    await nextLine(reply)
    stream.destroy()
    await eventually(async () => (await connections()) === 0)
    expect(await countOf('test.left')).toBe(1)
    expect(given.logged.filter((line) => JSON.parse(line).level >= 50)).toEqual([])
  })

  test('closes the stream when the server stops, without waiting for its end', async () => {
    const stream = openStream()
    const responded = once(stream, 'response')
    stream.write('{"type":"test.stop"}\n')
    const [reply] = (await within(5_000, responded, 'the reply')) as [IncomingMessage]
    await nextLine(reply)
    await within(5_000, given.app.close(), 'the stop')
    expect(await countOf('test.stop')).toBe(1)
  })

  const connections = () =>
    new Promise<number>((resolve, reject) => {
      given.app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
    })
})
