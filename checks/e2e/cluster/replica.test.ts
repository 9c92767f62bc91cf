import { eventually, type PostgresServer, useProcesses } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cluster } from './cluster.ts'
import { inspect, startDurablePostgres } from './database.ts'

const processes = useProcesses()
let primary: PostgresServer
let replica: PostgresServer
beforeAll(async () => {
  primary = await startDurablePostgres()
  replica = await primary.startReplica()
})
afterAll(async () => {
  await replica.stop()
  await primary.stop()
})
const { api, worker } = cluster(processes, () => ({
  TASKFLOW_DATABASE_URL: primary.url,
  TASKFLOW_DATABASE_READ_URL: replica.url,
}))

test('lists come from the replica, reads after a write from the primary, and all of it without the replica', {
  timeout: 120_000,
}, async () => {
  const [{ client }] = await Promise.all([api(), worker()])
  const ids = await client.tasks.submitMany(Array.from({ length: 20 }, (_, n) => ({ type: 'record', payload: { n } })))
  for (const id of ids) expect(await client.tasks.get(id)).toMatchObject({ id })

  const listed = () => client.tasks.list({ limit: 50 }).then(({ items }) => items.length === ids.length)
  await eventually(listed, { timeoutMs: 10_000, what: 'the list to show them' })
  const asked = await inspect(replica, (db) =>
    rowsOf<{ count: number }>(
      db,
      `select count(*)::integer as count from pg_stat_activity
       where application_name = 'taskflow' and pid <> pg_backend_pid()`,
    ),
  )
  expect(asked[0]?.count, 'connections to the replica').toBeGreaterThan(0)

  await replica.crash()
  expect((await client.tasks.list({ limit: 50 })).items.length).toBe(ids.length)
  expect((await client.tasks.events(ids[0] ?? '')).items.length).toBeGreaterThan(0)
  await replica.start()
})
