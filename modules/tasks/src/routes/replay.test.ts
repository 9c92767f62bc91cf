import { eventually, PROJECT } from '@taskflow/testing'
import { useApi } from '@taskflow/testing/given-api'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { describe, expect, test } from 'vitest'
import type { TaskTypeDefaults } from '../domain/task-type.ts'

const given = useApi()

let number = 0
const newType = (): string => `test.replay.${++number}`

/** Registers what a worker announces, and waits until submissions know it. */
async function announce(type: string, defaults: Partial<TaskTypeDefaults>): Promise<void> {
  const none = { queue: null, priority: null, maxAttempts: null, retry: null, timeouts: null, inputSchema: null }
  await given.storage.registerTaskTypes(PROJECT, [{ ...none, ...defaults, type }])
  await eventually(
    async () => {
      const probe = await given.call('POST', '/v1/tasks', { type })
      return (
        probe.status === 422 ||
        (probe.json.queue === (defaults.queue ?? 'default') && probe.json.maxAttempts === (defaults.maxAttempts ?? 5))
      )
    },
    { timeoutMs: 20_000, everyMs: 100, what: 'the announced type to be known' },
  )
}

const WANTS_MORE = { inputSchema: JSON.stringify({ type: 'object', required: ['more'] }), maxAttempts: 7 }

const LATER: Record<string, Partial<TaskTypeDefaults>> = {
  'other defaults': {
    queue: 'others',
    priority: 'low',
    maxAttempts: 1,
    retry: { baseMs: 1, factor: 1, maxMs: 1, jitter: 'none' },
    timeouts: { startToCloseMs: 1_000 },
  },
  'a schema that refuses it': WANTS_MORE,
}

describe('a request is answered as before, also where workers have announced since', () => {
  const submissions = {
    'a task': (type: string) => ['/v1/tasks', { type, payload: { n: 1 } }] as const,
    'a task with options': (type: string) =>
      ['/v1/tasks', { type, payload: { n: 1 }, maxAttempts: 3, retry: { baseMs: 7 }, delayMs: 60_000 }] as const,
    'a batch': (type: string) => ['/v1/tasks/batch', { tasks: [{ type, payload: { n: 1 } }, { type }] }] as const,
  }
  const before: Record<string, Partial<TaskTypeDefaults> | undefined> = {
    'before any worker': undefined,
    'with defaults of its type': { queue: 'firsts', maxAttempts: 2, timeouts: { startToCloseMs: 9_000 } },
  }
  for (const [what, requestOf] of Object.entries(submissions))
    for (const [when, first] of Object.entries(before))
      test.each(Object.keys(LATER))(`${what} ${when}, then %s`, async (later) => {
        const type = newType()
        if (first) await announce(type, first)
        const [path, body] = requestOf(type)
        const key = { 'idempotency-key': type }
        const original = await given.call('POST', path, body, key)
        expect(original.status).toBe(201)
        await announce(type, LATER[later]!)

        const again = await given.call('POST', path, body, key)
        expect({ status: again.status, json: again.json }).toEqual({ status: 201, json: original.json })
        expect(again.headers['idempotent-replayed']).toBe('true')
        const [path2, other] = submissions['a task'](newType())
        expect((await given.call('POST', path2, other, key)).json.code).toBe('IDEMPOTENCY_CONFLICT')
      })

  test('each line of a stream', async () => {
    const type = newType()
    const lines = `{"type":"${type}","payload":{}}\n{"type":"${type}","payload":{"n":2}}\n`
    const stream = (body: string) =>
      given.call('POST', '/v1/tasks/batch', body, { 'content-type': 'application/x-ndjson', 'idempotency-key': type })
    const original = await stream(lines)
    await announce(type, WANTS_MORE)
    expect((await stream(lines)).text).toBe(original.text)
    const [changed, same, fresh] = (await stream(`${lines.replace('{}', '{"n":3}')}{"type":"${type}"}\n`)).text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(changed.error.code).toBe('IDEMPOTENCY_CONFLICT')
    expect(same).toEqual(JSON.parse(original.text.split('\n')[1]!))
    expect(fresh.error.code).toBe('TASK_INVALID')
  })
})

test('a request that is refused stores no key, so that its corrected form may use the key', async () => {
  const type = newType()
  await announce(type, WANTS_MORE)
  const key = { 'idempotency-key': type }
  const refused = await given.call('POST', '/v1/tasks', { type, payload: {} }, key)
  expect(refused.json.code).toBe('TASK_INVALID')
  const accepted = await given.call('POST', '/v1/tasks', { type, payload: { more: 1 } }, key)
  expect(accepted.status).toBe(201)
  // Now the key belongs to that request, and the refused one is another.
  expect((await given.call('POST', '/v1/tasks', { type, payload: {} }, key)).json.code).toBe('IDEMPOTENCY_CONFLICT')
})

test('what an edit has changed since does not change the reply', async () => {
  const type = newType()
  await announce(type, { maxAttempts: 2 })
  const body = { type, payload: 1 }
  const key = { 'idempotency-key': type }
  const original = await given.call('POST', '/v1/tasks', body, key)
  await rowsOf(given.db, `update task set priority = 1, max_attempts = 9 where id = $1`, [original.json.id])
  expect((await given.call('POST', '/v1/tasks', body, key)).json).toEqual(original.json)
})
