import { newWorker } from '@taskflow/testing'
import { useApi } from '@taskflow/testing/given-api'
import { expect, test } from 'vitest'

const given = useApi()

const submit = (body: object, headers?: Record<string, string>) => given.call('POST', '/v1/tasks', body, headers)

test('stores a task that has only a type, and returns its location', async () => {
  const { status, json, headers } = await submit({ type: 'test.plain' })
  expect(status).toBe(201)
  expect(json).toMatchObject({ type: 'test.plain', queue: 'default', state: 'queued', maxAttempts: 5, payload: null })
  expect(headers.location).toBe(`/v1/tasks/${json.id}`)
})

test('returns every option as it was given', async () => {
  const options = {
    type: 'test.full',
    payload: { text: 'Grüße 👩‍🚀', list: [1, 2.5, null, true], nested: { a: {} } },
    queue: 'reports',
    priority: 'high',
    maxAttempts: 3,
    retry: { baseMs: 5, factor: 1, maxMs: 50, jitter: 'none' },
    timeouts: { startToCloseMs: 1_000, scheduleToCloseMs: 60_000 },
    labels: { customer: 'acme', 'a/b~c': 'x' },
    title: 'A title',
    description: 'Several\nlines',
    retentionMs: 60_000,
  }
  const { json } = await submit(options)
  expect(json).toMatchObject(options)
})

test('replies with the same task as a read', async () => {
  for (const time of [
    {},
    { delayMs: 0 },
    { delayMs: 60_000 },
    { runAt: '2030-01-02T03:04:05+02:00' },
    { runAt: '2020-01-01T00:00Z' },
  ]) {
    const created = await submit({ type: 'test.same', ...time })
    expect((await given.call('GET', `/v1/tasks/${created.json.id}`)).json).toEqual(created.json)
  }
})

test('completes a partial retry policy', async () => {
  const { json } = await submit({ type: 'test.retry', retry: { baseMs: 7 } })
  expect(json.retry).toEqual({ baseMs: 7, factor: 2, maxMs: 600_000, jitter: 'full' })
})

test('returns the first reply again for the same key and body, regardless of the order of fields', async () => {
  const key = { 'idempotency-key': 'order 7' }
  const first = await submit({ type: 'test.once', payload: { a: 1, b: 2 } }, key)
  await given.call('POST', `/v1/tasks/${first.json.id}/cancel`)
  const again = await submit({ payload: { b: 2, a: 1 }, type: 'test.once' }, key)
  expect(first.headers['idempotent-replayed']).toBeUndefined()
  expect(again.headers['idempotent-replayed']).toBe('true')
  expect({ ...again.json, payload: null }).toEqual({ ...first.json, payload: null })
  expect(again.status).toBe(201)
})

test('rejects the same key with another body', async () => {
  const key = { 'idempotency-key': 'order-8' }
  await submit({ type: 'test.once' }, key)
  const other = await submit({ type: 'test.other' }, key)
  expect(other).toMatchObject({ status: 409, json: { code: 'IDEMPOTENCY_CONFLICT' } })
})

test('stores one task for many concurrent submissions with one key', async () => {
  const send = () => submit({ type: 'test.race' }, { 'idempotency-key': 'race' })
  const replies = await Promise.all(Array.from({ length: 20 }, send))
  expect(new Set(replies.map(({ json }) => json.id)).size).toBe(1)
  expect(replies.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1)
})

test('applies the defaults of a type that a worker has registered', async () => {
  const types = [
    {
      type: 'test.known',
      queue: 'known',
      priority: 'high' as const,
      maxAttempts: 2,
      retry: { baseMs: 1, factor: 3, maxMs: 9, jitter: 'none' as const },
      timeouts: { startToCloseMs: 500 },
      inputSchema: null,
    },
  ]
  await given.storage.registerWorker(newWorker({ types: ['test.known'] }), types)
  const { json } = await submitOnceKnown('test.known', { timeouts: { heartbeatMs: 100 }, retry: { baseMs: 2 } })
  expect(json).toMatchObject({
    queue: 'known',
    priority: 'high',
    maxAttempts: 2,
    retry: { baseMs: 2, factor: 3 },
    timeouts: { startToCloseMs: 500, heartbeatMs: 100 },
  })
})

test('rejects a payload that does not match the schema of its type, naming each field', async () => {
  const inputSchema = JSON.stringify({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: { customer: { type: 'string' } },
    required: ['customer', 'year'],
  })
  await given.storage.registerWorker(newWorker({ types: ['test.checked'] }), [typeWith('test.checked', inputSchema)])
  await submitOnceKnown('test.checked', { payload: { customer: 'acme', year: 1 } })
  const { status, json } = await submit({ type: 'test.checked', payload: { customer: 5 } })
  expect(status).toBe(422)
  expect(json.code).toBe('TASK_INVALID')
  expect(json.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
    '/payload/customer',
    '/payload/year',
  ])
})

test('ignores an invalid schema, with one warning', async () => {
  await given.storage.registerWorker(newWorker({ types: ['test.odd'] }), [typeWith('test.odd', '{"type":"nonsense"}')])
  await submitOnceKnown('test.odd', {})
  await submitOnceKnown('test.odd', {})
  expect(given.logged.filter((line) => line.includes('test.odd') && JSON.parse(line).level === 40)).toHaveLength(1)
})

const typeWith = (type: string, inputSchema: string) => ({
  type,
  queue: 'checked',
  priority: null,
  maxAttempts: null,
  retry: null,
  timeouts: null,
  inputSchema,
})

/** Submits until the queue of the task shows that the API knows the type. */
async function submitOnceKnown(type: string, options: object) {
  for (const deadline = performance.now() + 5_000; performance.now() < deadline; ) {
    const reply = await submit({ type, ...options })
    if (reply.json.queue !== 'default') return reply
  }
  throw new Error(`The API did not find task type ${type} in time`)
}
