import { type DirectClient, taskflowDirect } from '@taskflow/direct'
import { type NewTask, TaskFlow, TaskFlowApiError, type TaskOptions } from '@taskflow/sdk'
import { emptyDatabase, engines, moveTime, newWorker, stopTime } from '@taskflow/testing'
import { ADMIN_TOKEN, MAX_PAYLOAD_BYTES, useApi } from '@taskflow/testing/given-api'
import { malformedRequests } from '@taskflow/testing/malformed-requests'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

for (const engine of engines()) {
  describe(`a task submitted directly, on ${engine.name}`, () => {
    const given = useApi({ engine, listens: true })
    let direct: DirectClient
    let http: TaskFlow

    beforeAll(() => {
      http = new TaskFlow({ url: given.url, token: ADMIN_TOKEN, retries: 0 })
      direct = taskflowDirect({ database: given.db, actor: 'admin', maxPayloadBytes: MAX_PAYLOAD_BYTES })
    })
    afterAll(() => direct.close())
    beforeEach(() => emptyDatabase(given.db))

    /** Reads every column of the row but its id. */
    async function storedRow(id: string) {
      const [row] = await rowsOf<{ row: unknown }>(
        given.db,
        `select to_jsonb(task) - 'id' as row from task where id = $1`,
        [id],
      )
      return row?.row
    }

    const everyOption: TaskOptions = {
      queue: 'reports',
      priority: 'high',
      maxAttempts: 3,
      retry: { baseMs: 5, jitter: 'none' },
      timeouts: { scheduleToStartMs: 60_000, scheduleToCloseMs: 90_000, heartbeatMs: 7 },
      labels: { customer: 'acme "&" sons' },
      title: 'A title',
      description: 'Several\nlines',
      retentionMs: 60_000,
    }
    const payload = { text: 'Grüße 👩‍🚀 "\\', list: [1, 2.5, null, true], nested: { a: {} } }

    test.each<[string, unknown, TaskOptions]>([
      ['nothing but a type', undefined, {}],
      ['every option', payload, everyOption],
      ['a delay', 'x', { delayMs: 60_000 }],
      ['no delay', 0, { delayMs: 0 }],
      ['a moment to come', null, { runAt: '2100-01-02T03:04:05+02:00', priority: 'low' }],
      ['a moment gone by', [], { runAt: '2020-01-01T00:00Z' }],
    ])('is stored with %s as one over HTTP is, and so is each of many', async (_, input, options) => {
      await stopTime(given.db)
      const one = await direct.tasks.submit('test.same', input, options)
      const other = await http.tasks.submit('test.same', input, options)
      const [many] = await direct.tasks.submitMany([{ type: 'test.same', payload: input, ...options }])
      const expected = await storedRow(other.id)
      expect(await storedRow(one.id)).toEqual(expected)
      expect(await storedRow(many!)).toEqual(expected)
      expect({ ...one, id: other.id }).toEqual(other)
      expect(await http.tasks.get(one.id)).toEqual(one)
      await moveTime(given.db, 0)
    })

    test('takes the defaults of its type, and fits its schema', async () => {
      const inputSchema = JSON.stringify({ type: 'object', required: ['customer'] })
      await given.storage.registerWorker(newWorker({ types: ['test.known'] }), [
        {
          type: 'test.known',
          queue: 'known',
          priority: 'high',
          maxAttempts: 2,
          retry: { baseMs: 1, factor: 3, maxMs: 9, jitter: 'none' },
          timeouts: { startToCloseMs: 500 },
          inputSchema,
        },
      ])
      const fresh = taskflowDirect({ database: given.db, actor: 'admin' })
      const own: TaskOptions = { timeouts: { heartbeatMs: 100 }, retry: { baseMs: 2 } }
      const { id } = await fresh.tasks.submit('test.known', { customer: 'acme' }, own)
      expect(await storedRow(id)).toMatchObject({
        queue: 'known',
        priority: 1,
        max_attempts: 2,
        retry: { baseMs: 2, factor: 3, maxMs: 9, jitter: 'none' },
        timeouts: { startToCloseMs: 500, heartbeatMs: 100 },
      })
      await expect(fresh.tasks.submit('test.known', {})).rejects.toMatchObject({
        code: 'TASK_INVALID',
        errors: [{ in: 'body', pointer: '/payload/customer', message: 'is required' }],
      })
      await fresh.close()
    })

    test('is the same under the same idempotency key, whichever way it comes second', async () => {
      const first = await direct.tasks.submit('test.once', payload, everyOption, { idempotencyKey: 'one' })
      expect(await http.tasks.submit('test.once', payload, everyOption, { idempotencyKey: 'one' })).toEqual(first)
      const tasks = [{ type: 'test.once', payload }, { type: 'test.once' }]
      const ids = await http.tasks.submitMany(tasks, { idempotencyKey: 'many' })
      expect(await direct.tasks.submitMany(tasks, { idempotencyKey: 'many' })).toEqual(ids)
      const [{ tasks: count } = { tasks: 0 }] = await rowsOf<{ tasks: number }>(
        given.db,
        'select count(*)::integer as tasks from task',
      )
      expect(count).toBe(3)
    })

    test('is refused in the words in which the API refuses it', async () => {
      const bodies = malformedRequests('01900000-0000-7000-8000-000000000001').flatMap(({ what, request }) =>
        bodiesOf(request).map((body) => ({ what, body })),
      )
      const refused = new Set<string>()
      for (const { what, body } of bodies) {
        const { type, payload: input, ...options } = body
        if (typeof type === 'string') {
          const expected = await refusalOf(() => http.tasks.submit(type, input, options))
          expect(await refusalOf(() => direct.tasks.submit(type, input, options)), what).toEqual(expected)
        }
        const expected = await refusalOf(() => http.tasks.submitMany([{ type: 'test.fine' }, body]))
        expect(await refusalOf(() => direct.tasks.submitMany([{ type: 'test.fine' }, body])), what).toEqual(expected)
        if (expected) refused.add(expected.detail)
      }
      expect(refused.size).toBeGreaterThan(100)
    })

    test.each(['', 'ä', 'a\tb', 'x'.repeat(256)])('is refused under the idempotency key %j', async (idempotencyKey) => {
      await expect(direct.tasks.submit('test.once', 1, {}, { idempotencyKey })).rejects.toMatchObject({
        code: 'REQUEST_MALFORMED',
        errors: [{ in: 'headers', pointer: '/idempotency-key' }],
      })
    })
  })
}

interface Request {
  readonly method?: string
  readonly url?: unknown
  readonly payload?: unknown
}

/** The body of a request that submits one task as JSON; nothing of other requests. */
function bodiesOf({ method, url, payload }: Request): NewTask[] {
  if (method !== 'POST' || url !== '/v1/tasks' || typeof payload !== 'string') return []
  // The API measures the whole body first; the direct client has no body, and rejects the payload as too large.
  if (payload.length > 10 * MAX_PAYLOAD_BYTES) return []
  try {
    const body: unknown = JSON.parse(payload)
    JSON.stringify(body)
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? [body as NewTask] : []
  } catch {
    // Not JSON, or nested deeper than a client could write it.
    return []
  }
}

async function refusalOf(call: () => Promise<unknown>) {
  try {
    await call()
  } catch (error) {
    // For a value that JSON does not hold, which neither client sends.
    if (error instanceof TypeError) return { detail: error.message }
    if (!(error instanceof TaskFlowApiError)) throw error
    const { code, detail, status, hint, errors } = error
    return { code, detail, status, hint, errors }
  }
  return undefined
}
