import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { TaskFlowError } from '@taskflow/kernel'
import type { Storage } from '@taskflow/rooms'
import { eventually, within } from '@taskflow/testing'
import { useApi } from '@taskflow/testing/given-api'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'

let failure: Error | undefined

const fail = (): void => {
  if (failure) throw failure
}

const given = useApi({
  storageOf: (storage): Storage => ({
    ...storage,
    async requireWrites() {
      fail()
      return storage.requireWrites()
    },
    async listTasks(...asked) {
      fail()
      return storage.listTasks(...asked)
    },
  }),
})
beforeAll(() => given.app.listen({ host: '127.0.0.1', port: 0 }))
afterEach(() => {
  failure = undefined
})

describe('with its database', () => {
  test('the process is healthy and ready', async () => {
    const health = await given.call('GET', '/health')
    expect(health.json).toEqual({
      status: 'ok',
      database: 'up',
      broker: 'none',
      version: expect.any(String),
      roles: ['api'],
      uptimeMs: expect.any(Number),
    })
    expect((await given.call('GET', '/ready')).status).toBe(200)
  })
})

describe('without its database', () => {
  const cause = new Error('connect ECONNREFUSED 10.1.2.3:5432 password=hunter2')

  test('the process is alive but not ready', async () => {
    failure = new TaskFlowError('DATABASE_UNAVAILABLE', 'The database does not answer', { cause })
    const health = await given.call('GET', '/health')
    expect(health).toMatchObject({ status: 200, json: { status: 'degraded', database: 'down' } })
    expect((await given.call('GET', '/ready')).status).toBe(503)
  })

  test('a request gets the header Retry-After and no details of the outage', async () => {
    failure = new TaskFlowError('DATABASE_UNAVAILABLE', 'The database does not answer', { cause })
    const { status, json, headers, text } = await given.call('GET', '/v1/tasks')
    expect({ status, code: json.code }).toEqual({ status: 503, code: 'DATABASE_UNAVAILABLE' })
    expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    expect(text).not.toMatch(/10\.1\.2\.3|hunter2/)
  })
})

test('the reply to an unexpected error has no details, only the id of the request in the log', async () => {
  failure = new Error('column "secret" of relation "task" does not exist')
  const { status, json, text } = await given.call('GET', '/v1/tasks')
  expect({ status, code: json.code }).toEqual({ status: 500, code: 'INTERNAL' })
  expect(text).not.toContain('relation')
  const line = given.logged
    .map((each) => JSON.parse(each))
    .find(({ level, requestId }) => level === 50 && requestId === json.instance)
  expect(line).toMatchObject({ err: { message: failure.message } })
})

describe('a request that is not valid HTTP', () => {
  /** Sends bytes on a new connection and resolves with the whole reply. */
  function send(bytes: string | Buffer): Promise<string> {
    const { port } = given.app.server.address() as AddressInfo
    const replied = new Promise<string>((resolve) => {
      let reply = ''
      const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(bytes))
      socket.on('data', (chunk) => {
        reply += chunk
      })
      socket.on('error', () => resolve(reply))
      socket.on('close', () => resolve(reply))
    })
    return within(5_000, replied, 'the reply')
  }

  const cases = {
    'is not a request line': ['HELO example.org\r\n\r\n', 400],
    'is binary': [Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]), 400],
    'has a header without a name': ['GET /health HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n', 400],
    'has a space in a header': ['GET /health HTTP/1.1\r\nHost : a\r\n\r\n', 400],
    'has no host': ['GET /health HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    'has an unknown expectation': ['GET /health HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n', 417],
    'has two lengths': ['POST /v1/tasks HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}', 400],
    'has a length and chunks': [
      'POST /v1/tasks HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    'has headers that are too large': [`GET /health HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  } as const

  for (const [what, [bytes, status]] of Object.entries(cases)) {
    test(`is rejected with a problem if it ${what}`, async () => {
      const reply = await send(bytes)
      expect(reply).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      expect(reply.toLowerCase()).toContain('application/problem+json')
    })
  }

  test('is rejected after the replies to the complete requests before it', async () => {
    const whole = 'GET /v1/me HTTP/1.1\r\nHost: a\r\n\r\n'
    const statuses = [...(await send(`${whole}${whole}\0`)).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
    expect(statuses).toEqual(['401', '401', '400'])
    const { server } = given.app
    const countConnections = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))
    await eventually(async () => (await countConnections()) === 0)
  })
})
