import type { TaskFlow } from '@taskflow/sdk'
import {
  checkInvariants,
  eventually,
  type HalfOpenProxy,
  halfOpenProxy,
  type PostgresServer,
  useProcesses,
} from '@taskflow/testing'
import { urlWith } from '@taskflow/testing/url-with'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { describeWithBrokers, SEPARATE_BROKERS } from './brokers.ts'
import { cluster } from './cluster.ts'
import { inspect, startDurablePostgres } from './database.ts'

// From the moment packets are swallowed until the loss is noticed, a new connection is open, and a task has run.
const WITHIN_MS = 15_000

/** Measures how long a task that is submitted now takes to succeed; repeats each call until it is answered. */
async function timeOfATask(client: TaskFlow, startedAt: number): Promise<number> {
  const idempotencyKey = crypto.randomUUID()
  const isDone = () =>
    client.tasks
      .submit('record', { n: 2 }, {}, { idempotencyKey })
      .then((task) => client.tasks.get(task))
      .then(({ state }) => state === 'succeeded')
      .catch(() => false)
  await eventually(isDone, { timeoutMs: WITHIN_MS - (performance.now() - startedAt), what: 'a task to be run' })
  return performance.now() - startedAt
}

describe('to PostgreSQL', () => {
  const processes = useProcesses()
  let postgres: PostgresServer
  let proxies: readonly HalfOpenProxy[]
  beforeAll(async () => {
    postgres = await startDurablePostgres()
    proxies = await Promise.all([1, 2, 3].map(() => halfOpenProxy(postgres.port)))
  })
  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.close()))
    await postgres.stop()
  })
  const { api, coordinator, worker } = cluster(processes, () => ({}))
  const through = (proxy: HalfOpenProxy | undefined) => ({
    TASKFLOW_DATABASE_URL: urlWith(postgres.url, { port: proxy?.port ?? 0 }),
  })

  test('a network that swallows packets is noticed and recovered from within 15 seconds', {
    timeout: 120_000,
  }, async ({ annotate }) => {
    const [{ client }] = await Promise.all([
      api(through(proxies[0])),
      worker(through(proxies[1])),
      coordinator(through(proxies[2])),
    ])
    await timeOfATask(client, performance.now())
    for (const proxy of proxies) proxy.swallow()
    const took = await timeOfATask(client, performance.now())
    // A task that is due later needs the coordinator, whose connections were swallowed too.
    const later = await client.tasks.submit('record', { n: 3 }, { delayMs: 100 })
    await client.tasks.wait(later, { timeoutMs: WITHIN_MS })
    await annotate(`a task submitted into the silence had run after ${Math.round(took)} ms`)
    expect(await inspect(postgres, checkInvariants)).toEqual([])
  })
})

describeWithBrokers(SEPARATE_BROKERS, {}, (given) => {
  const { api, coordinator, worker, database } = given
  let proxy: HalfOpenProxy
  beforeAll(async () => {
    proxy = await halfOpenProxy(given.broker.ports[0] ?? 0)
  })
  afterAll(() => proxy.close())
  const through = () => given.broker.envBy([proxy.port])

  test('a network that swallows packets is noticed and recovered from within 15 seconds', {
    timeout: 120_000,
  }, async ({ annotate }) => {
    const leader = await coordinator(through())
    await eventually(() => proxy.connections > 0, {
      timeoutMs: 10_000,
      what: 'the leader to be connected to the broker',
    })
    const [{ client, process }, taker] = await Promise.all([api(through()), worker(through())])
    await timeOfATask(client, performance.now())
    const before = proxy.connections
    proxy.swallow()
    const startedAt = performance.now()
    const took = await timeOfATask(client, startedAt)
    for (const each of [process, taker, leader])
      await each.waitForOutput(/broker[^\n]*answers again/i, {
        timeoutMs: WITHIN_MS - (performance.now() - startedAt),
      })
    const backMs = performance.now() - startedAt
    expect(await timeOfATask(client, performance.now())).toBeLessThan(WITHIN_MS)
    await annotate(
      `a task submitted into the silence had run after ${Math.round(took)} ms; ` +
        `every process was back at the broker after ${Math.round(backMs)} ms (${before} connections were swallowed)`,
    )
    expect(await database.inspect(checkInvariants)).toEqual([])
  })
})
