import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { freePort } from '@taskflow/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TaskFlow } from './client.ts'

interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

const EMPTY_PAGE: Answer = { status: 200, body: '{"items":[],"nextCursor":null}' }
const UNAVAILABLE: Answer = { status: 503, headers: { 'retry-after': '0' } }
const TASK = '01900000-0000-7000-8000-000000000001'

/** A server on a bad day, as no TaskFlow server is: it gives these answers in turn, and then an empty page. */
let answers: Answer[]
let requests: number
let server: Server
let url: string
let taskflow: TaskFlow

beforeEach(async () => {
  answers = []
  requests = 0
  server = createServer((_request, response) => {
    requests++
    const { status, headers = {}, body } = answers.shift() ?? EMPTY_PAGE
    response.writeHead(status, headers).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  taskflow = new TaskFlow({ url })
})

afterEach(() => {
  server.close()
  server.closeAllConnections()
})

describe('retries', () => {
  for (const status of [408, 429, 502, 503, 504]) {
    test(`tries again after ${status}`, async () => {
      answers = [{ status }]
      await taskflow.tasks.list()
      expect(requests).toBe(2)
    })
  }

  test('gives up after as many tries as allowed, with the last refusal', async () => {
    answers = Array.from({ length: 9 }, () => UNAVAILABLE)
    const patient = new TaskFlow({ url, retries: 2 })
    await expect(patient.tasks.list()).rejects.toMatchObject({ status: 503 })
    expect(requests).toBe(3)
  })

  test('repeats nothing that has an effect and no key', async () => {
    answers = [UNAVAILABLE]
    await expect(taskflow.tasks.cancel(TASK)).rejects.toMatchObject({ status: 503 })
    expect(requests).toBe(1)
  })

  test('repeats nothing that was refused for good', async () => {
    answers = [{ status: 404 }]
    await expect(taskflow.tasks.get(TASK)).rejects.toMatchObject({ status: 404 })
    expect(requests).toBe(1)
  })

  test('does not wait for a server that wants to be left alone for an hour', async () => {
    answers = [{ status: 429, headers: { 'retry-after': '3600' } }]
    await expect(taskflow.tasks.list()).rejects.toMatchObject({ status: 429, retryAfterMs: 3_600_000 })
  })
})

describe('errors', () => {
  test('a refusal by something else is reported by its status', async () => {
    answers = [{ status: 403, body: '<html>Forbidden</html>' }]
    await expect(taskflow.tasks.list()).rejects.toMatchObject({ code: 'HTTP_403', status: 403 })
  })

  test('a reply that is not JSON is reported as such', async () => {
    answers = [{ status: 200, body: '<html>Welcome</html>' }]
    await expect(taskflow.tasks.list()).rejects.toMatchObject({ code: 'RESPONSE_INVALID' })
  })

  test('an unreachable server is named', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`
    const impatient = new TaskFlow({ url: nowhere, retries: 0 })
    await expect(impatient.health()).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
      status: undefined,
      message: `The TaskFlow server at ${nowhere} cannot be reached (ECONNREFUSED)`,
    })
  })

  test('a connection that breaks before any reply counts as unreachable', async () => {
    server.prependListener('request', (request) => request.socket.destroy())
    const impatient = new TaskFlow({ url, retries: 0 })
    await expect(impatient.health()).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' })
  })

  test('a server that does not answer in time counts as unreachable', async () => {
    server.removeAllListeners('request')
    const hasty = new TaskFlow({ url, timeoutMs: 20, retries: 0 })
    await expect(hasty.tasks.get(TASK)).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
      message: `The TaskFlow server at ${url} did not answer within 20 ms`,
    })
  })

  test('an invalid address is refused at once', () => {
    expect(() => new TaskFlow({ url: 'localhost:8080' })).toThrow('Expected `url` to be an http or https address')
  })
})

test('an address with many slashes takes no longer than any other', () => {
  const startedMs = performance.now()
  expect(() => new TaskFlow({ url: `http://localhost/${'/'.repeat(200_000)}x` })).not.toThrow()
  // Work that grows with the square of the length would take half a minute.
  expect(performance.now() - startedMs).toBeLessThan(5_000)
})

test('sends the token as a bearer credential, below the path of the address', async () => {
  const seen: [string, unknown][] = []
  const behindProxy = new TaskFlow({
    url: 'https://example.org/taskflow/',
    token: 'secret',
    fetch: async (input, init) => {
      seen.push([String(input), new Headers(init?.headers).get('authorization')])
      return new Response('{"status":"ok"}')
    },
  })
  await behindProxy.health()
  expect(seen).toEqual([['https://example.org/taskflow/health', 'Bearer secret']])
})
