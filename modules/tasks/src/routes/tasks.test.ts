import { emptyDatabase } from '@taskflow/testing'
import { useApi } from '@taskflow/testing/given-api'
import { submitTask } from '@taskflow/testing/task-in-state'
import { beforeEach, describe, expect, test } from 'vitest'
import { MAX_PAGE_BYTES } from '../ports/task-store.ts'

const given = useApi()
beforeEach(() => emptyDatabase(given.db))

interface Page {
  items: { id: string }[]
  nextCursor: string | null
}

const submit = async (body: object = {}) => (await given.call('POST', '/v1/tasks', { type: 'test.echo', ...body })).json

describe('a read of one task', () => {
  test('does not send an unchanged task again', async () => {
    const { id } = await submit()
    const first = await given.call('GET', `/v1/tasks/${id}`)
    const etag = first.headers.etag ?? ''
    expect(etag).toMatch(/^"[\w-]{27}"$/)
    const again = await given.call('GET', `/v1/tasks/${id}`, undefined, { 'if-none-match': `"other", W/${etag}` })
    expect(again).toMatchObject({ status: 304, text: '' })
  })

  test('replies 404 for an unknown task', async () => {
    const { status, json } = await given.call('GET', '/v1/tasks/01900000-0000-7000-8000-000000000000')
    expect({ status, code: json.code }).toEqual({ status: 404, code: 'TASK_NOT_FOUND' })
  })
})

describe('an edit', () => {
  test('changes the given fields and no others', async () => {
    const task = await submit({ title: 'old', labels: { a: '1' }, payload: { n: 1 } })
    const changes = { title: null, priority: 'low', payload: [2], labels: { b: '2' } }
    const { status, json } = await given.call('PATCH', `/v1/tasks/${task.id}`, changes)
    expect(status).toBe(200)
    expect(json).toEqual({ ...task, ...changes })
  })

  test('succeeds with the current ETag, and is rejected with an older one', async () => {
    const { id } = await submit()
    const { etag = '' } = (await given.call('GET', `/v1/tasks/${id}`)).headers
    const edit = (title: string) => given.call('PATCH', `/v1/tasks/${id}`, { title }, { 'if-match': etag })
    const first = await edit('one')
    expect(first.status).toBe(200)
    expect(first.headers.etag).toBe((await given.call('GET', `/v1/tasks/${id}`)).headers.etag)
    expect(await edit('two')).toMatchObject({ status: 412, json: { code: 'PRECONDITION_FAILED' } })
  })

  test('of a finished task is rejected as a conflict', async () => {
    const { id } = await submit()
    await given.call('POST', `/v1/tasks/${id}/cancel`)
    const { status, json } = await given.call('PATCH', `/v1/tasks/${id}`, { title: 'late' })
    expect({ status, code: json.code }).toEqual({ status: 409, code: 'TASK_STATE_CONFLICT' })
  })
})

test('cancels a waiting task once, and records by whom and why', async () => {
  const { id } = await submit()
  const cancelled = await given.call('POST', `/v1/tasks/${id}/cancel`, { reason: 'not needed' })
  expect(cancelled.json).toMatchObject({ state: 'cancelled', error: { reason: 'cancelled' } })
  expect((await given.call('POST', `/v1/tasks/${id}/cancel`)).status).toBe(409)
  const { items } = (await given.call('GET', `/v1/tasks/${id}/events`)).json
  expect(items).toContainEqual(
    expect.objectContaining({ kind: 'task.cancelRequested', actor: 'admin', detail: { reason: 'not needed' } }),
  )
})

test('redrives a finished task, with another payload if one is given', async () => {
  const { id } = await submit({ payload: 1 })
  expect((await given.call('POST', `/v1/tasks/${id}/redrive`)).status).toBe(409)
  await given.call('POST', `/v1/tasks/${id}/cancel`)
  const redriven = await given.call('POST', `/v1/tasks/${id}/redrive`, { payload: null })
  expect(redriven.json).toMatchObject({ state: 'queued', payload: null, attempt: 0 })
})

describe('a list', () => {
  test('is sorted newest first, and includes payloads only on request', async () => {
    const [first, second] = [await submit({ payload: 1 }), await submit({ payload: 2 })]
    const plain = (await given.call('GET', '/v1/tasks')).json
    expect(plain.items.map(({ id }: { id: string }) => id)).toEqual([second.id, first.id])
    expect(plain.items[0]).not.toHaveProperty('payload')
    expect(plain.items[0]).not.toHaveProperty('result')
    const full = (await given.call('GET', '/v1/tasks?include=payload,result')).json
    // Lists have no progress.
    const listed = [second, first].map(({ progress: _, ...rest }) => rest)
    expect(full.items).toEqual(listed)
  })

  test('returns every task exactly once in pages', async () => {
    const ids: string[] = []
    for (let count = 0; count < 5; count++) ids.unshift((await submit()).id)
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page: Page = (await given.call('GET', `/v1/tasks?limit=2${cursor ? `&cursor=${cursor}` : ''}`)).json
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor
    } while (cursor)
    expect(seen).toEqual(ids)
  })

  test('ends a page early where payloads fill it, and returns every task once', async () => {
    const payload = JSON.stringify('x'.repeat(Math.ceil(MAX_PAGE_BYTES / 3)))
    const ids = (await Promise.all(Array.from({ length: 8 }, () => submitTask(given.storage, { payload })))).map(
      ({ id }): string => id,
    )
    const pages: string[][] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Page = (await given.call('GET', `/v1/tasks?include=payload&limit=7${cursor && `&cursor=${cursor}`}`))
        .json
      pages.push(page.items.map(({ id }) => id))
      cursor = page.nextCursor
    }
    expect(pages.map(({ length }) => length)).toEqual([3, 3, 2])
    expect(pages.flat()).toEqual(ids.sort().reverse())
  })

  test('combines all filters', async () => {
    const wanted = await submit({ queue: 'a', priority: 'high', labels: { k: 'v,w', l: '1' }, title: 'Find 100% me' })
    await submit({ queue: 'a', priority: 'high', labels: { k: 'v', l: '1' } })
    await submit({ queue: 'b' })
    const query = new URLSearchParams({
      state: 'queued,running',
      queue: 'a',
      type: 'test.echo',
      priority: 'high',
      'label.k': 'v,w',
      'label.l': '1',
      createdBy: 'admin',
      createdAfter: '2020-01-01T00:00:00Z',
      createdBefore: '2199-01-01T00:00:00Z',
      q: 'find 100%',
    })
    const { items } = (await given.call('GET', `/v1/tasks?${query}&state=scheduled`)).json
    expect(items.map(({ id }: { id: string }) => id)).toEqual([wanted.id])
  })

  test('accepts a time that is in 1969 in UTC', async () => {
    await submit({ queue: 'since' })
    const query = new URLSearchParams({ queue: 'since', createdAfter: '1970-01-01T00:00:00+01:00' })
    expect((await given.call('GET', `/v1/tasks?${query}`)).json.items).toHaveLength(1)
    const before = new URLSearchParams({ queue: 'since', createdBefore: '1970-01-01T00:00:00+01:00' })
    expect((await given.call('GET', `/v1/tasks?${before}`)).json.items).toEqual([])
  })

  test('filters by any valid name of a label', async () => {
    const { id } = await submit({ labels: { 'first\nsecond': 'x' } })
    const query = new URLSearchParams({ 'label.first\nsecond': 'x' })
    expect((await given.call('GET', `/v1/tasks?${query}`)).json.items).toMatchObject([{ id }])
  })
})

test('stores a batch as a whole, and returns the same ids for the same key', async () => {
  const tasks = Array.from({ length: 100 }, (_, n) => ({ type: 'test.echo', payload: n }))
  const send = () => given.call('POST', '/v1/tasks/batch', { tasks }, { 'idempotency-key': 'batch' })
  const [first, again] = [await send(), await send()]
  expect(first.json.ids).toHaveLength(100)
  expect(again.json).toEqual(first.json)
  expect(again.headers['idempotent-replayed']).toBe('true')
  const { payload } = (await given.call('GET', `/v1/tasks/${first.json.ids[42]}`)).json
  expect(payload).toBe(42)
})

test.each(['attempts', 'events', 'logs'])('refuses a cursor of another list for the %s of a task', async (list) => {
  const { id } = await submit()
  // The position of an earlier version: a number of items.
  const cursor = Buffer.from(JSON.stringify({ v: 1, after: '1' })).toString('base64url')
  const { status, json } = await given.call('GET', `/v1/tasks/${id}/${list}?cursor=${cursor}`)
  expect({ status, code: json.code }).toEqual({ status: 400, code: 'CURSOR_INVALID' })
})

test('refuses a cursor of the attempts of another task', async () => {
  const { id } = await submit()
  const cursor = Buffer.from(JSON.stringify({ v: 1, after: id })).toString('base64url')
  const { status, json } = await given.call('GET', `/v1/tasks/${id}/attempts?cursor=${cursor}`)
  expect({ status, code: json.code }).toEqual({ status: 400, code: 'CURSOR_INVALID' })
})

test('the history of a task comes page by page', async () => {
  const { id } = await submit()
  await given.call('POST', `/v1/tasks/${id}/cancel`)
  const kinds: string[] = []
  for (let cursor = ''; ; ) {
    const { items, nextCursor } = (await given.call('GET', `/v1/tasks/${id}/events?limit=1${cursor}`)).json
    kinds.push(...items.map(({ kind }: { kind: string }) => kind))
    if (nextCursor === null) break
    cursor = `&cursor=${nextCursor}`
  }
  expect(kinds).toEqual(['task.created', 'task.cancelRequested', 'task.cancelled'])
})
