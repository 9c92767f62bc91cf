import { emptyDatabase, moveTime, newLogLine, newTaskId, newWorkerId, stopTime } from '@taskflow/testing'
import { ADMIN_TOKEN, useApi } from '@taskflow/testing/given-api'
import { settle, startTask, startWorker, submitTask, taskInState, VERDICTS } from '@taskflow/testing/task-in-state'
import { beforeEach, describe, expect, test } from 'vitest'
import { TaskFlow } from './client.ts'
import { newTask } from './new-task.ts'
import type { StreamedTask } from './tasks.ts'

const api = useApi({ listens: true })

/** The requests that the client has sent, in order. */
let requests: { readonly headers: Headers }[]
let taskflow: TaskFlow

beforeEach(async () => {
  await emptyDatabase(api.db)
  await moveTime(api.db, 0)
  requests = []
  taskflow = new TaskFlow({
    url: api.url,
    token: ADMIN_TOKEN,
    fetch(input, init) {
      requests.push({ headers: new Headers(init?.headers) })
      return fetch(input, init)
    },
  })
})

const storedTasks = async () => (await taskflow.tasks.list({ limit: 200, include: ['payload'] })).items

/** The next replies are lost: the connection breaks after the server has done its work. */
function loseReplies(count: number): void {
  let left = count
  api.app.server.prependListener('request', (_request, response) => {
    if (left-- > 0) response.writeHead = () => response.destroy()
  })
}

describe('submit', () => {
  test('sends the definition’s own options, unless the caller overrides them', async () => {
    const definition = { type: 'report.build', maxAttempts: 3, queue: 'reports', timeouts: { startToCloseMs: 5_000 } }
    const task = await taskflow.tasks.submit(definition, { customer: 'acme' }, { queue: 'urgent', priority: 'high' })
    expect(task).toMatchObject({
      type: 'report.build',
      payload: { customer: 'acme' },
      maxAttempts: 3,
      queue: 'urgent',
      priority: 'high',
      timeouts: { startToCloseMs: 5_000 },
    })
    expect(await taskflow.tasks.get(task)).toEqual(task)
  })

  test('creates an idempotency key for each call', async () => {
    await taskflow.tasks.submit('a')
    await taskflow.tasks.submit('a')
    const keys = requests.map(({ headers }) => headers.get('idempotency-key'))
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
    expect(new Set(keys).size).toBe(2)
  })

  test('gives the same task for the same key', async () => {
    const first = await taskflow.tasks.submit('a', null, {}, { idempotencyKey: 'order-7' })
    const second = await taskflow.tasks.submit('a', null, {}, { idempotencyKey: 'order-7' })
    expect(second.id).toBe(first.id)
  })

  test('stores one task when the connection breaks after the server has stored it', async () => {
    loseReplies(2)
    const { id } = await taskflow.tasks.submit('a')
    expect(requests).toHaveLength(3)
    expect((await storedTasks()).map((task) => task.id)).toEqual([id])
  })
})

describe('submitMany', () => {
  const tasks = Array.from({ length: 5 }, (_, index) => newTask('a', index))

  test('sends chunks and returns the ids in order', async () => {
    const ids = await taskflow.tasks.submitMany(tasks, { chunkSize: 2 })
    expect(requests).toHaveLength(3)
    const payloads = new Map((await storedTasks()).map(({ id, payload }) => [id, payload]))
    expect(ids.map((id) => payloads.get(id))).toEqual([0, 1, 2, 3, 4])
  })

  test('stores nothing twice when repeated with its key', async () => {
    await taskflow.tasks.submitMany(tasks, { chunkSize: 2, idempotencyKey: 'import-1' })
    await taskflow.tasks.submitMany(tasks, { chunkSize: 2, idempotencyKey: 'import-1' })
    expect(await storedTasks()).toHaveLength(5)
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
    expect(await storedTasks()).toHaveLength(2)
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

  test('reports that the connection broke', async () => {
    loseReplies(1)
    const results = Array.fromAsync(taskflow.tasks.submitStream(source()))
    await expect(results).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' })
  })

  test('throws the problem of a refused stream', async () => {
    const stranger = new TaskFlow({ url: api.url })
    const results = Array.fromAsync(stranger.tasks.submitStream([newTask('a')]))
    await expect(results).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })
})

describe('wait', () => {
  test('resolves once the task has finished', async () => {
    const { task, lease } = await startTask(api.storage)
    let settling: Promise<unknown> | undefined
    const finished = await taskflow.tasks.wait(task.id, {
      onRead() {
        settling ??= settle(api.storage, lease, VERDICTS.complete)
      },
      everyMs: 20,
    })
    expect(finished).toMatchObject({ state: 'succeeded', result: { done: true } })
    expect(await settling).toBeDefined()
  })

  test('times out with the state it last saw', async () => {
    const { task } = await startTask(api.storage)
    const waiting = taskflow.tasks.wait(task.id, { timeoutMs: 30 })
    await expect(waiting).rejects.toMatchObject({
      code: 'WAIT_TIMED_OUT',
      message: `Task ${task.id} is still running after 30 ms`,
    })
  })

  test('stops when aborted, with the reason given', async () => {
    const { id } = await submitTask(api.storage)
    const controller = new AbortController()
    const waiting = taskflow.tasks.wait(id, { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
  })
})

describe('result', () => {
  test('is what the handler returned', async () => {
    const { task } = await taskInState(api, 'succeeded')
    expect(await taskflow.tasks.result(task.id)).toEqual({ done: true })
  })

  test('throws the failure of a task that failed', async () => {
    const { task } = await taskInState(api, 'failed')
    await expect(taskflow.tasks.result(task.id)).rejects.toMatchObject({
      code: 'TASK_FAILED',
      failure: { name: 'Error', message: 'it broke', reason: 'exhausted' },
      message: `Task ${task.id} (${task.type}) failed at attempt 1: Error: it broke (exhausted)`,
    })
  })

  test('throws for a task that was cancelled', async () => {
    const { task } = await taskInState(api, 'cancelled')
    await expect(taskflow.tasks.result(task.id)).rejects.toMatchObject({ code: 'TASK_CANCELLED' })
  })
})

describe('lists', () => {
  test('listAll reads page after page', async () => {
    for (let count = 0; count < 5; count++) await submitTask(api.storage)
    const all = await Array.fromAsync(taskflow.tasks.listAll({ limit: 2 }))
    expect(new Set(all.map((task) => task.id)).size).toBe(5)
    expect(requests).toHaveLength(3)
  })

  test('sends each filter under its name', async () => {
    const wanted = { queue: 'q', labels: { team: 'a b' }, payload: '{"deep":[1]}' }
    const { task } = await taskInState(api, 'failed', wanted)
    await taskInState(api, 'cancelled', { ...wanted, queue: 'other' })
    await taskInState(api, 'cancelled', { ...wanted, labels: { team: 'b' } })
    await taskInState(api, 'queued', wanted)
    const { items } = await taskflow.tasks.list({
      state: ['failed', 'cancelled'],
      queue: 'q',
      labels: { team: 'a b' },
      include: ['payload'],
    })
    expect(items).toMatchObject([{ id: task.id, payload: { deep: [1] } }])
  })

  test('logs go on after a cursor', async () => {
    const { task } = await startTask(api.storage)
    for (const message of ['one', 'two']) await api.storage.appendLogs([newLogLine(task.id, { message })])
    const [first] = (await taskflow.tasks.logs(task.id)).items
    const { items } = await taskflow.tasks.logs(task.id, { after: first?.cursor })
    expect(items.map(({ message }) => message)).toEqual(['two'])
  })
})

describe('changes', () => {
  test('an edit may demand that the task is as it was read', async () => {
    const { id } = await submitTask(api.storage, { title: 'old' })
    const { etag } = await taskflow.tasks.getWithTag(id)
    await taskflow.tasks.edit(id, { title: 'new' }, { ifMatch: etag })
    await expect(taskflow.tasks.edit(id, { title: 'newer' }, { ifMatch: etag })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      status: 412,
    })
  })

  test('cancel sends the reason, redrive the payload', async () => {
    const { id } = await submitTask(api.storage)
    expect(await taskflow.tasks.cancel(id, { reason: 'changed my mind' })).toMatchObject({ state: 'cancelled' })
    const details = (await taskflow.tasks.events(id)).items.map(({ detail }) => detail)
    expect(details).toContainEqual(expect.objectContaining({ reason: 'changed my mind' }))
    const redriven = await taskflow.tasks.redrive(id, { payload: { again: true } })
    expect(redriven).toMatchObject({ state: 'queued', payload: { again: true } })
  })
})

describe('a refusal', () => {
  test('keeps its code, detail, hint and request id', async () => {
    const id = newTaskId()
    await expect(taskflow.tasks.get(id)).rejects.toMatchObject({
      name: 'TaskFlowApiError',
      code: 'TASK_NOT_FOUND',
      status: 404,
      detail: expect.stringContaining(id),
      hint: expect.stringMatching(/./),
      requestId: expect.stringMatching(/./),
      errors: [],
    })
  })

  test('lists each field of a request that is malformed', async () => {
    await expect(taskflow.tasks.submit('')).rejects.toMatchObject({
      code: 'REQUEST_MALFORMED',
      errors: [{ in: 'body', pointer: '/type', message: expect.stringMatching(/./) }],
    })
  })
})

test('workers are read, cordoned, drained and uncordoned', async () => {
  // Else one that beats no more would be silent before a slow machine has looked at it.
  await stopTime(api.db)
  const { id } = await startWorker(api.storage)
  expect((await taskflow.workers.list()).items).toMatchObject([{ id }])
  expect(await taskflow.workers.get(id)).toMatchObject({ id, state: 'active' })
  expect(await taskflow.workers.cordon(id)).toMatchObject({ id, state: 'cordoned' })
  expect(await taskflow.workers.drain(id)).toMatchObject({ id, state: 'draining' })
  expect(await taskflow.workers.uncordon(id)).toMatchObject({ id, state: 'active' })
  const refused = taskflow.workers.drain(newWorkerId())
  await expect(refused).rejects.toMatchObject({ code: 'WORKER_NOT_FOUND', status: 404 })
})

test('workers, queues, keys, health and me are read', async () => {
  await submitTask(api.storage)
  await api.storage.countQueues()
  const key = await taskflow.apiKeys.create({ name: 'ci', role: 'submitter' })
  expect(await new TaskFlow({ url: api.url, token: key.secret }).me()).toMatchObject({ role: 'submitter' })
  expect((await taskflow.apiKeys.list()).items).toHaveLength(1)
  expect((await taskflow.apiKeys.revoke(key.id)).revokedAt).not.toBeNull()
  expect((await taskflow.queues.list()).items).toHaveLength(1)
  expect((await taskflow.queues.get('default')).depth).toMatchObject({ queued: 1 })
  expect((await taskflow.workers.list()).items).toEqual([])
  expect((await taskflow.health()).status).toBe('ok')
  expect((await taskflow.me()).actor).toBe('admin')
})
