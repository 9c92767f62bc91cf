import { createHash } from 'node:crypto'
import type { TaskId } from '@taskflow/tasks'
import { newTaskId, pulse } from '@taskflow/testing'
import { useApi } from '@taskflow/testing/given-api'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { startWorker, taskInState } from '@taskflow/testing/task-in-state'
import { beforeAll, describe, expect, test } from 'vitest'

/** Callers of one project must neither see nor change anything of another. */
const OTHER = 'other'
/** In every name and text of the other project. */
const MARK = 'hidden'
const OTHER_KEY = `tf_${'x'.repeat(43)}`

const given = useApi()

const STATES = ['queued', 'scheduled', 'running', 'retrying', 'succeeded', 'failed', 'cancelled'] as const

const taskIds: TaskId[] = []
let workerId = ''
let keyId = ''

beforeAll(async () => {
  const { storage } = given
  for (const state of STATES) {
    const labels = { team: MARK }
    const { task } = await taskInState(given, state, { project: OTHER, queue: MARK, type: `${MARK}.${state}`, labels })
    taskIds.push(task.id)
  }
  const worker = await startWorker(storage, { project: OTHER, name: MARK, queues: [MARK], types: [MARK] })
  await storage.heartbeatWorker(worker.id, pulse())
  workerId = worker.id
  const hash = createHash('sha256').update(OTHER_KEY).digest('hex')
  keyId = newTaskId()
  await storage.createApiKey({ id: keyId, project: OTHER, name: MARK, role: 'admin', hash, expiresAt: null })
  await storage.countQueues()
})

type Request = readonly [method: string, url: string, body?: unknown]

/** The operations on one thing, which the other project has. */
const ON_TASKS: Readonly<Record<string, (id: string) => Request>> = {
  getTask: (id) => ['GET', `/v1/tasks/${id}?waitMs=1`],
  listAttempts: (id) => ['GET', `/v1/tasks/${id}/attempts`],
  listEvents: (id) => ['GET', `/v1/tasks/${id}/events`],
  listLogs: (id) => ['GET', `/v1/tasks/${id}/logs`],
  editTask: (id) => ['PATCH', `/v1/tasks/${id}`, { title: 'mine' }],
  cancelTask: (id) => ['POST', `/v1/tasks/${id}/cancel`, {}],
  redriveTask: (id) => ['POST', `/v1/tasks/${id}/redrive`, { payload: 'mine' }],
}

const ON_OTHERS: Readonly<Record<string, () => Request>> = {
  getQueue: () => ['GET', `/v1/queues/${MARK}`],
  getWorker: () => ['GET', `/v1/workers/${workerId}`],
  cordonWorker: () => ['POST', `/v1/workers/${workerId}/cordon`, {}],
  uncordonWorker: () => ['POST', `/v1/workers/${workerId}/uncordon`, {}],
  drainWorker: () => ['POST', `/v1/workers/${workerId}/drain`, {}],
  revokeApiKey: () => ['DELETE', `/v1/api-keys/${keyId}`],
}

const LISTS: Readonly<Record<string, readonly string[]>> = {
  listTasks: [
    '/v1/tasks',
    `/v1/tasks?state=${STATES.join(',')}&include=payload,result`,
    `/v1/tasks?queue=${MARK}`,
    `/v1/tasks?type=${MARK}.queued`,
    `/v1/tasks?label.team=${MARK}`,
    `/v1/tasks?q=${MARK}`,
    '/v1/tasks?createdBy=key:test',
  ],
  listQueues: ['/v1/queues'],
  listWorkers: ['/v1/workers'],
  listApiKeys: ['/v1/api-keys'],
}

/** Operations that read nothing stored, or create something in the project of their caller. */
const WITHOUT_A_TARGET = [
  'getHealth',
  'getReadiness',
  'getMetrics',
  'getMe',
  'createApiKey',
  'submitTask',
  'submitTasks',
]

/** Everything of the other project that a request could change. */
const stored = () =>
  rowsOf<object>(
    given.db,
    `select (select string_agg(task::text, ',' order by id) from task where project = '${OTHER}') as unfinished,
            (select string_agg(t::text, ',' order by id) from finished_task t where project = '${OTHER}') as finished,
            (select string_agg(worker::text, ',' order by id) from worker where project = '${OTHER}') as workers,
            (select string_agg(id || coalesce(revoked_at::text, ''), ',') from api_key where project = '${OTHER}') as keys`,
  )

const asOther = { authorization: `Bearer ${OTHER_KEY}` }

test('every operation of the API is tried here', async () => {
  const { paths } = (await given.call('GET', '/openapi.json')).json as {
    paths: Record<string, Record<string, { operationId: string }>>
  }
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods).map((each) => each.operationId))
  const tried = [ON_TASKS, ON_OTHERS, LISTS].flatMap((each) => Object.keys(each))
  expect([...tried, ...WITHOUT_A_TARGET].sort()).toEqual(operations.sort())
})

describe('what another project has', () => {
  for (const [operation, request] of Object.entries(ON_TASKS))
    test(`is not found by ${operation}, whatever the state of the task`, async () => {
      const before = await stored()
      for (const id of taskIds) {
        const { status, json, text } = await given.call(...request(id))
        expect({ status, code: json.code }).toEqual({ status: 404, code: 'TASK_NOT_FOUND' })
        expect(text).not.toContain(MARK)
      }
      expect(await stored()).toEqual(before)
    })

  for (const [operation, request] of Object.entries(ON_OTHERS))
    test(`is not found by ${operation}`, async () => {
      const before = await stored()
      expect((await given.call(...request())).status).toBe(404)
      expect(await stored()).toEqual(before)
    })

  for (const [operation, urls] of Object.entries(LISTS))
    test(`is not shown by ${operation}, but to its own project`, async () => {
      for (const url of urls) {
        expect((await given.call('GET', url)).text, url).not.toContain(MARK)
        expect((await given.call('GET', url, undefined, asOther)).text, url).toContain(MARK)
      }
    })

  test('does not answer for an idempotency key', async () => {
    const submit = async (headers: Record<string, string>) => {
      const { status, headers: replied, json } = await given.call('POST', '/v1/tasks', { type: 'a' }, headers)
      return { status, replayed: replied['idempotent-replayed'], id: json.id }
    }
    const key = { 'idempotency-key': 'shared' }
    const theirs = await submit({ ...key, ...asOther })
    const mine = await submit(key)
    expect(mine).toMatchObject({ status: 201, replayed: undefined })
    expect(mine.id).not.toBe(theirs.id)
  })
})
