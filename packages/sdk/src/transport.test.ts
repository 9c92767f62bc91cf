import { type ContractServer, contractServer } from '@taskflow/testing/contract-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TaskFlow } from './client.ts'

let server: ContractServer
let taskflow: TaskFlow

beforeEach(async () => {
  server = await contractServer()
  taskflow = new TaskFlow({ url: server.url })
})

afterEach(() => server.stop())

const unavailable = { status: 503, headers: { 'retry-after': '0' } }

describe('retries', () => {
  for (const status of [429, 502, 503, 504]) {
    test(`retries after ${status}`, async () => {
      server.failNext({ status })
      await taskflow.tasks.list()
      expect(server.asked).toHaveLength(2)
    })
  }

  test('throws the last error when no retries are left', async () => {
    server.failNext(...Array.from({ length: 9 }, () => unavailable))
    const patient = new TaskFlow({ url: server.url, retries: 2 })
    await expect(patient.tasks.list()).rejects.toMatchObject({ status: 503 })
    expect(server.asked).toHaveLength(3)
  })

  test('does not retry a call that has an effect and no idempotency key', async () => {
    const { id } = server.state.add()
    server.failNext(unavailable)
    await expect(taskflow.tasks.cancel(id)).rejects.toMatchObject({ status: 503 })
    expect(server.asked).toHaveLength(1)
  })

  test('does not retry an error that a retry cannot fix', async () => {
    await expect(taskflow.tasks.get('nowhere')).rejects.toMatchObject({ status: 404 })
    expect(server.asked).toHaveLength(1)
  })

  test('does not wait when Retry-After is an hour', async () => {
    server.failNext({ status: 429, headers: { 'retry-after': '3600' } })
    await expect(taskflow.tasks.list()).rejects.toMatchObject({ status: 429, retryAfterMs: 3_600_000 })
  })
})

describe('errors', () => {
  test('a problem keeps its code, detail, hint and request id', async () => {
    await expect(taskflow.tasks.get('nowhere')).rejects.toMatchObject({
      name: 'TaskFlowApiError',
      code: 'TASK_NOT_FOUND',
      status: 404,
      detail: 'No task nowhere in this project',
      hint: 'Check the id.',
      requestId: 'request-1',
      errors: [],
    })
  })

  test('a validation problem lists each field', async () => {
    const errors = [{ pointer: '/type', message: 'Expected a string' }]
    server.failNext({ status: 400, body: { code: 'REQUEST_MALFORMED', status: 400, detail: 'Bad', errors } })
    await expect(taskflow.tasks.submit('')).rejects.toMatchObject({ code: 'REQUEST_MALFORMED', errors })
  })

  test('the refusal of a proxy has its status as code', async () => {
    server.failNext({ status: 403, body: '<html>Forbidden</html>' })
    await expect(taskflow.tasks.list()).rejects.toMatchObject({ code: 'HTTP_403', status: 403 })
  })

  test('a reply that is not JSON is reported as invalid', async () => {
    server.failNext({ status: 200, body: '<html>Welcome</html>' })
    await expect(taskflow.tasks.list()).rejects.toMatchObject({ code: 'RESPONSE_INVALID' })
  })

  test('an unreachable server is named', async () => {
    await server.stop()
    const impatient = new TaskFlow({ url: server.url, retries: 0 })
    await expect(impatient.health()).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
      status: undefined,
      message: `The TaskFlow server at ${server.url} cannot be reached (ECONNREFUSED)`,
    })
  })

  test('a server that does not answer in time counts as unreachable', async () => {
    const { id } = server.state.add()
    const hasty = new TaskFlow({
      url: server.url,
      timeoutMs: 20,
      retries: 0,
      // The server holds the reply much longer than the timeout of the client.
      fetch: (input, init) => fetch(`${input}?waitMs=5000`, init),
    })
    await expect(hasty.tasks.get(id)).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
      message: `The TaskFlow server at ${server.url} did not answer within 20 ms`,
    })
  })

  test('an invalid address is refused at once', () => {
    expect(() => new TaskFlow({ url: 'localhost:8080' })).toThrow('Expected `url` to be an http or https address')
  })
})

test('an address with many slashes takes no longer than any other', () => {
  const startedMs = performance.now()
  expect(() => new TaskFlow({ url: `http://localhost/${'/'.repeat(200_000)}x` })).not.toThrow()
  // A quadratic pattern would take half a minute.
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
