import { type ContractServer, contractServer } from '@taskflow/testing/contract-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TaskFlow } from './client.ts'
import { newTask } from './new-task.ts'
import type { StreamedTask } from './tasks.ts'

let server: ContractServer
let taskflow: TaskFlow

beforeEach(async () => {
  server = await contractServer({ token: 'secret' })
  taskflow = new TaskFlow({ url: server.url, token: 'secret' })
})

afterEach(() => server.stop())

describe('submit', () => {
  test('sends the definition’s own options, unless the caller overrides them', async () => {
    const definition = { type: 'report.build', maxAttempts: 3, queue: 'reports', timeouts: { startToCloseMs: 5_000 } }
    await taskflow.tasks.submit(definition, { customer: 'acme' }, { queue: 'urgent', priority: 'high' })
    expect(JSON.parse(server.asked[0]!.body)).toEqual({
      type: 'report.build',
      payload: { customer: 'acme' },
      maxAttempts: 3,
      queue: 'urgent',
      priority: 'high',
      timeouts: { startToCloseMs: 5_000 },
    })
  })

  test('creates an idempotency key for each call', async () => {
    await taskflow.tasks.submit('a')
    await taskflow.tasks.submit('a')
    const keys = server.asked.map((asked) => asked.headers['idempotency-key'])
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
    expect(new Set(keys).size).toBe(2)
  })

  test('gives the same task for the same key', async () => {
    const first = await taskflow.tasks.submit('a', null, {}, { idempotencyKey: 'order-7' })
    const second = await taskflow.tasks.submit('a', null, {}, { idempotencyKey: 'order-7' })
    expect(second.id).toBe(first.id)
  })

  test('stores one task when the connection breaks after the server has stored it', async () => {
    server.failNext('dropAfter', 'dropBefore')
    await taskflow.tasks.submit('a')
    expect(server.asked).toHaveLength(3)
    expect(server.state.tasks.size).toBe(1)
  })
})

describe('submitMany', () => {
  const tasks = Array.from({ length: 5 }, (_, index) => newTask('a', index))

  test('sends chunks and returns the ids in order', async () => {
    const ids = await taskflow.tasks.submitMany(tasks, { chunkSize: 2 })
    expect(server.asked).toHaveLength(3)
    expect(ids.map((id) => server.state.tasks.get(id)?.payload)).toEqual([0, 1, 2, 3, 4])
  })

  test('stores nothing twice when repeated with its key', async () => {
    await taskflow.tasks.submitMany(tasks, { chunkSize: 2, idempotencyKey: 'import-1' })
    await taskflow.tasks.submitMany(tasks, { chunkSize: 2, idempotencyKey: 'import-1' })
    expect(server.state.tasks.size).toBe(5)
  })
})

describe('submitStream', () => {
  async function* source() {
    yield newTask('a', 1)
    yield newTask('')
    yield newTask('b', 2)
  }

  test('yields the outcome of each task', async () => {
    const results: StreamedTask[] = []
    for await (const result of taskflow.tasks.submitStream(source())) results.push(result)
    expect(results).toMatchObject([{ line: 1 }, { line: 2, error: { code: 'REQUEST_MALFORMED' } }, { line: 3 }])
    expect(server.state.tasks.size).toBe(2)
  })

  test('accepts a plain list, too', async () => {
    const results = await Array.fromAsync(taskflow.tasks.submitStream([newTask('a'), newTask('b')]))
    expect(results).toHaveLength(2)
  })

  test('throws the error of its source', async () => {
    async function* broken() {
      yield newTask('a')
      throw new Error('no more')
    }
    await expect(Array.fromAsync(taskflow.tasks.submitStream(broken()))).rejects.toThrow('no more')
  })

  test('throws when the connection breaks', async () => {
    server.failNext('dropBefore')
    const results = Array.fromAsync(taskflow.tasks.submitStream(source()))
    await expect(results).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' })
  })

  test('throws the problem when the server refuses the stream', async () => {
    const stranger = new TaskFlow({ url: server.url })
    const results = Array.fromAsync(stranger.tasks.submitStream([newTask('a')]))
    await expect(results).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })
})

describe('wait', () => {
  test('resolves once the task has finished', async () => {
    const { id } = server.state.add()
    const finished = await taskflow.tasks.wait(id, {
      onRead: () => server.state.change(id, { state: 'succeeded', result: { rows: 12 } }),
      everyMs: 20,
    })
    expect(finished).toMatchObject({ state: 'succeeded', result: { rows: 12 } })
  })

  test('times out and names the last state that it read', async () => {
    const { id } = server.state.add({ state: 'running' })
    const waiting = taskflow.tasks.wait(id, { timeoutMs: 30 })
    await expect(waiting).rejects.toMatchObject({
      code: 'WAIT_TIMED_OUT',
      message: `Task ${id} is still running after 30 ms`,
    })
  })

  test('rejects with the reason of the signal', async () => {
    const { id } = server.state.add()
    const controller = new AbortController()
    const waiting = taskflow.tasks.wait(id, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  })
})

describe('result', () => {
  test('is what the handler returned', async () => {
    const { id } = server.state.add({ state: 'succeeded', result: 42 })
    expect(await taskflow.tasks.result(id)).toBe(42)
  })

  test('throws the failure of a task that failed', async () => {
    const error = { name: 'Error', message: 'no such customer', reason: 'exhausted' } as const
    const { id } = server.state.add({ state: 'failed', attempt: 5, error })
    await expect(taskflow.tasks.result(id)).rejects.toMatchObject({
      code: 'TASK_FAILED',
      failure: error,
      message: `Task ${id} (report.build) failed at attempt 5: Error: no such customer (exhausted)`,
    })
  })

  test('throws for a task that was cancelled', async () => {
    const { id } = server.state.add({ state: 'cancelled' })
    await expect(taskflow.tasks.result(id)).rejects.toMatchObject({ code: 'TASK_CANCELLED' })
  })
})

describe('lists', () => {
  test('listAll reads page after page', async () => {
    for (let count = 0; count < 5; count++) server.state.add()
    const all = await Array.fromAsync(taskflow.tasks.listAll({ limit: 2 }))
    expect(new Set(all.map((task) => task.id)).size).toBe(5)
    expect(server.asked).toHaveLength(3)
  })

  test('sends each filter under its name', async () => {
    await taskflow.tasks.list({
      state: ['failed', 'cancelled'],
      queue: 'q',
      labels: { team: 'a b' },
      include: ['payload'],
    })
    expect(Object.fromEntries(server.asked[0]!.query)).toEqual({
      state: 'failed,cancelled',
      queue: 'q',
      'label.team': 'a b',
      include: 'payload',
    })
  })

  test('logs continue after a cursor', async () => {
    const { id } = server.state.add()
    const line = { attempt: 1, at: '2026-01-02T03:04:05Z', level: 'info', fields: null } as const
    server.state.logs.set(id, [
      { ...line, message: 'one', cursor: '1' },
      { ...line, message: 'two', cursor: '2' },
    ])
    const { items } = await taskflow.tasks.logs(id, { after: '1' })
    expect(items.map(({ message }) => message)).toEqual(['two'])
  })
})

describe('changes', () => {
  test('an edit with ifMatch applies only to an unchanged task', async () => {
    const { id } = server.state.add({ title: 'old' })
    const { etag } = await taskflow.tasks.getWithTag(id)
    await taskflow.tasks.edit(id, { title: 'new' }, { ifMatch: etag })
    await expect(taskflow.tasks.edit(id, { title: 'newer' }, { ifMatch: etag })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      status: 412,
    })
  })

  test('cancel sends the reason, and redrive the payload', async () => {
    const { id } = server.state.add()
    await taskflow.tasks.cancel(id, { reason: 'changed my mind' })
    await taskflow.tasks.redrive(id, { payload: { again: true } })
    expect(server.asked.map((asked) => asked.body)).toEqual([
      '{"reason":"changed my mind"}',
      '{"payload":{"again":true}}',
    ])
  })
})

test('workers are read, cordoned, drained and uncordoned', async () => {
  const { id } = server.state.addWorker({ state: 'silent' })
  expect((await taskflow.workers.list()).items).toMatchObject([{ id }])
  expect(await taskflow.workers.get(id)).toMatchObject({ id, state: 'silent' })
  expect(await taskflow.workers.cordon(id)).toMatchObject({ id, state: 'cordoned' })
  expect(await taskflow.workers.drain(id)).toMatchObject({ id, state: 'draining' })
  expect(await taskflow.workers.uncordon(id)).toMatchObject({ id, state: 'active' })
  await expect(taskflow.workers.drain('nobody')).rejects.toMatchObject({ code: 'WORKER_NOT_FOUND', status: 404 })
})

test('workers, queues, keys, health and me are read', async () => {
  server.state.add()
  const key = await taskflow.apiKeys.create({ name: 'ci', role: 'submitter' })
  expect(key.secret).toBe('tf_secret')
  expect((await taskflow.apiKeys.list()).items).toHaveLength(1)
  expect((await taskflow.apiKeys.revoke(key.id)).revokedAt).not.toBeNull()
  expect((await taskflow.queues.list()).items).toHaveLength(1)
  expect((await taskflow.queues.get('default')).depth).toEqual({ queued: 3, running: 1 })
  expect((await taskflow.workers.list()).items).toEqual([])
  expect((await taskflow.health()).status).toBe('ok')
  expect((await taskflow.me()).actor).toBe('admin')
})
