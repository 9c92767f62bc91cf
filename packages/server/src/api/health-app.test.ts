import { EventEmitter } from 'node:events'
import type { Principal } from '@taskflow/http/access'
import { DEFAULT_PROJECT, hashSecret, newSecret } from '@taskflow/identity'
import { TaskFlowError, type TaskFlowEvents, uuidV7Ids } from '@taskflow/kernel'
import { handClock, settled } from '@taskflow/testing/hand-clock'
import type { WorkerHealth } from '@taskflow/worker'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createLog } from '../telemetry/log.ts'
import { metricsOf } from '../telemetry/metrics.ts'
import { buildHealthApp, type HealthDeps } from './health-app.ts'

const VIEWER: Principal = { actor: 'key:prometheus', role: 'viewer', project: DEFAULT_PROJECT }
const ADMIN_TOKEN = 'the-administrator'

const well = async (): Promise<void> => {}
const unavailable = async (): Promise<void> => {
  throw new TaskFlowError('DATABASE_UNAVAILABLE', 'The database does not answer')
}

interface Given extends Pick<HealthDeps, 'pingBroker' | 'workerHealth'> {
  readonly ping?: () => Promise<void>
}

async function setup({ ping = well, ...sources }: Given = {}) {
  const clock = handClock()
  const secret = newSecret()
  const metrics = metricsOf(new EventEmitter<TaskFlowEvents>())
  const app = await buildHealthApp({
    storage: { ping, findPrincipal: async (hash) => (hash === hashSecret(secret) ? VIEWER : undefined) },
    metrics,
    clock,
    ids: uuidV7Ids(clock, Math.random),
    log: createLog({ logLevel: 'silent' }),
    settings: { roles: ['worker'] },
    adminToken: ADMIN_TOKEN,
    ...sources,
  })
  onTestFinished(async () => {
    await app.close()
    metrics.close()
  })
  const get = async (url: string, token?: string) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const { statusCode: status, body, headers: given } = await app.inject({ url, headers })
    const isJson = String(given['content-type']).includes('json')
    return { status, body, json: isJson ? JSON.parse(body) : undefined }
  }
  return { app, clock, secret, get }
}

const worker = (state: WorkerHealth['state'], sinceFetchMs = 40.4, others: Partial<WorkerHealth> = {}) => ({
  workerHealth: () => ({ state, sinceFetchMs, blockedMs: 0, startingMs: 0, loadingModule: undefined, ...others }),
})

describe('health', () => {
  test('shows the database, the broker and the worker', async () => {
    const { get } = await setup({ pingBroker: well, ...worker('active') })
    expect(await get('/health')).toMatchObject({
      status: 200,
      json: {
        status: 'ok',
        database: 'up',
        broker: 'up',
        worker: { state: 'active', sinceFetchMs: 40 },
        roles: ['worker'],
      },
    })
  })

  test('shows no worker and no broker if there is none', async () => {
    const { json } = await (await setup()).get('/health')
    expect(json).toMatchObject({ status: 'ok', broker: 'none' })
    expect(json).not.toHaveProperty('worker')
  })

  test.each([
    ['the database is unavailable', { ping: unavailable }, { database: 'down' }],
    ['the broker is unavailable', { pingBroker: unavailable }, { broker: 'down', database: 'up' }],
    ['the worker is stalled', worker('active', 15_001), { worker: { state: 'active', sinceFetchMs: 15_001 } }],
    ['a handler blocks the shared loop', worker('active', 3, { blockedMs: 2_500.4 }), { worker: { blockedMs: 2_500 } }],
    [
      'the task modules do not load',
      worker('loading', 0, { startingMs: 5_001, loadingModule: 'a.ts' }),
      { worker: { state: 'loading', startingMs: 5_001, loadingModule: 'a.ts' } },
    ],
  ])('replies 200 with status degraded while %s', async (_, given, shown) => {
    const { get } = await setup(given)
    expect(await get('/health')).toMatchObject({ status: 200, json: { status: 'degraded', ...shown } })
  })

  test('is not degraded by a cordoned worker', async () => {
    const { get } = await setup(worker('cordoned', 0))
    expect(await get('/health')).toMatchObject({ json: { status: 'ok', worker: { state: 'cordoned' } } })
  })

  test('does not wait for a dependency that does not answer', async () => {
    const hangs = (): Promise<void> => new Promise(() => {})
    const { clock, get } = await setup({ ping: hangs, pingBroker: hangs })
    const answered = get('/health')
    while (clock.sleepers < 2) await settled()
    await clock.advance(2_000)
    expect((await answered).json).toMatchObject({ database: 'down', broker: 'down' })
  })
})

describe('readiness', () => {
  test('is given while the worker takes tasks, and without a worker', async () => {
    expect((await (await setup(worker('active'))).get('/ready')).status).toBe(200)
    expect((await (await setup()).get('/ready')).status).toBe(200)
  })

  test.each([
    ['starting', { workerHealth: () => undefined }],
    ['registering', worker('registering')],
    ['cordoned', worker('cordoned', 0)],
    ['draining', worker('draining', 0)],
    ['loading', worker('loading', 0, { startingMs: 10 })],
    ['stalled', worker('active', 15_001)],
    ['blocked by a handler', worker('active', 3, { blockedMs: 2_500 })],
  ])('is denied while the worker is %s', async (state, given) => {
    expect(await (await setup(given)).get('/ready')).toMatchObject({
      status: 503,
      json: { code: 'NOT_READY', detail: `The worker takes no tasks: it is ${state}` },
    })
  })

  test('is denied while the database is unavailable', async () => {
    const { get } = await setup({ ping: unavailable, ...worker('active') })
    expect(await get('/ready')).toMatchObject({ status: 503, json: { code: 'DATABASE_UNAVAILABLE' } })
  })
})

describe('metrics', () => {
  test('require a valid credential', async () => {
    const { secret, get } = await setup()
    expect(await get('/metrics')).toMatchObject({ status: 401, json: { code: 'UNAUTHENTICATED' } })
    expect((await get('/metrics', newSecret())).status).toBe(401)
    for (const token of [secret, ADMIN_TOKEN]) {
      expect(await get('/metrics', token)).toMatchObject({
        status: 200,
        body: expect.stringContaining('taskflow_tasks_claimed_total'),
      })
    }
  })
})

test('any other route gets the same reply as in the API', async () => {
  const { get } = await setup()
  for (const url of ['/v1/tasks', '/docs', '/openapi.json', '/'])
    expect(await get(url, ADMIN_TOKEN)).toMatchObject({ status: 404, json: { code: 'ROUTE_NOT_FOUND' } })
})
