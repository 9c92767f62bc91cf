import {
  checkInvariants,
  describeWith,
  type PgbouncerServer,
  programFor,
  startPgbouncer,
  useProcessDatabase,
  useProcesses,
} from '@taskflow/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nothingIsLeft } from '../server.ts'
import { serverEngine } from './brokers.ts'
import { cluster } from './cluster.ts'
import { submitThroughHarm } from './harm.ts'

const COUNT = 3_000

const WAYS = {
  'that refuses settings it does not know': '',
  'that swallows them': 'options,statement_timeout,extra_float_digits',
} as const

for (const [way, ignoreStartupParameters] of Object.entries(WAYS)) {
  describeWith(['pgbouncer'], `through a PgBouncer in transaction mode ${way}`, () => {
    const processes = useProcesses()
    const database = useProcessDatabase(serverEngine(), processes)
    let pgbouncer: PgbouncerServer
    beforeAll(async () => {
      const { TASKFLOW_DATABASE_URL: url = '' } = database.env
      pgbouncer = await startPgbouncer(programFor('pgbouncer'), url, { ignoreStartupParameters })
    })
    afterAll(() => pgbouncer.stop())
    const { api, coordinator, worker } = cluster(processes, () => ({
      TASKFLOW_DATABASE_URL: pgbouncer.url,
      TASKFLOW_DATABASE_DIRECT_URL: database.env.TASKFLOW_DATABASE_URL ?? '',
    }))

    test('a cluster submits, runs, delays, retries, cancels and settles', { timeout: 180_000 }, async () => {
      const [server, , taker] = await Promise.all([api(), coordinator(), worker(), worker()])
      const { client } = server
      const acknowledged = await submitThroughHarm({
        clients: [client, client, client, client],
        count: COUNT,
        chunkSize: 50,
        task: (n) => ({ type: 'record', payload: { n }, ...(n % 100 === 0 && { delayMs: 500 }) }),
      })
      expect(acknowledged.size).toBe(COUNT)
      await nothingIsLeft(server, 60_000)
      const far = await client.tasks.submit('record', { n: 1 }, { delayMs: 600_000 })
      expect((await client.tasks.cancel(far)).state).toBe('cancelled')
      expect((await client.workers.list()).items.filter(({ state }) => state === 'active').length).toBe(2)
      expect(await taker.kill('SIGTERM')).toEqual({ code: 0, signal: null })
      expect(await database.inspect(checkInvariants)).toEqual([])
    })
  })
}
