import { checkInvariants, eventually, type PostgresServer, useProcesses } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nothingIsLeft } from '../server.ts'
import { cluster } from './cluster.ts'
import { inspect, startDurablePostgres } from './database.ts'
import { submitThroughHarm } from './harm.ts'

const COUNT = 10_000
const CRASH_AT = 3_000

const processes = useProcesses()
let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startDurablePostgres()
})
afterAll(() => postgres.stop())
const { api, coordinator, worker } = cluster(processes, () => ({
  TASKFLOW_DATABASE_URL: postgres.url,
  TASKFLOW_CONCURRENCY: '25',
}))

test('a crash of PostgreSQL under load loses no acknowledged task, and every process recovers by itself', {
  timeout: 240_000,
}, async ({ annotate }) => {
  const server = await api()
  const others = await Promise.all([coordinator(), worker(), worker()])
  const crashing = Promise.withResolvers<void>()
  const submitting = submitThroughHarm({
    clients: Array.from({ length: 4 }, () => server.client),
    count: COUNT,
    chunkSize: 50,
    task: (n) => ({ type: 'record', payload: { n } }),
    onAcknowledged: (acknowledged) => acknowledged >= CRASH_AT && crashing.resolve(),
  })

  await crashing.promise
  await postgres.crash()
  const refused = await fetch(`${server.url}/v1/tasks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.env.TASKFLOW_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'record', payload: { n: -1 } }),
  })
  expect(refused.status).toBe(503)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(await refused.json()).toMatchObject({ code: 'DATABASE_UNAVAILABLE' })
  await postgres.start()
  const backAt = performance.now()

  const acknowledged = await submitting
  await nothingIsLeft(server, 120_000)
  await annotate(`all had run ${Math.round(performance.now() - backAt)} ms after PostgreSQL was back`)
  const rows = await inspect(postgres, (db) =>
    rowsOf<{ id: string; n: number; state: string }>(
      db,
      `select id, (payload ->> 'n')::integer as n, state from finished_task`,
    ),
  )
  expect(rows.length).toBe(COUNT)
  expect(new Map(rows.map(({ n, id }) => [n, id]))).toEqual(acknowledged)
  expect(new Set(rows.map(({ state }) => state))).toEqual(new Set(['succeeded']))
  expect(await inspect(postgres, checkInvariants)).toEqual([])
  for (const each of [server.process, ...others]) {
    expect(await each.kill('SIGTERM'), 'the process ran until SIGTERM').toEqual({ code: 0, signal: null })
  }
})

test('a process that starts before its PostgreSQL waits for it, and says so', { timeout: 120_000 }, async () => {
  await postgres.crash()
  const starting = api()
  const waiting = processes.taskflow(['start', '--roles', 'coordinator'], {
    env: { TASKFLOW_DATABASE_URL: postgres.url },
  })
  await waiting.waitForOutput(/Waiting for PostgreSQL at 127\.0\.0\.1:\d+ \(.*ECONNREFUSED/, { timeoutMs: 30_000 })
  await postgres.start()
  await waiting.waitForOutput(/is ready/, { timeoutMs: 30_000 })
  const { client } = await starting
  expect(await eventually(async () => (await client.health()).database, { timeoutMs: 10_000 })).toBe('up')
})
