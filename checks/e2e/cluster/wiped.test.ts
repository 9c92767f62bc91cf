import type { Database } from '@taskflow/database'
import { checkInvariants, describeWith, eventually, useProcessDatabase, useProcesses } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nothingIsLeft } from '../server.ts'
import { type LivingBroker, SEPARATE_BROKERS, serverEngine } from './brokers.ts'
import { cluster } from './cluster.ts'

const COUNT = 10_000
// All of them take four seconds at the least: a RabbitMQ is not wiped in less than two.
const SLOTS = 50
const TASK_MS = 20
const WITHIN_MS = 40_000

for (const { name, service, start } of SEPARATE_BROKERS) {
  describeWith(service ? [service] : [], `with ${name}`, () => {
    const processes = useProcesses()
    const database = useProcessDatabase(serverEngine(), processes)
    let broker: LivingBroker
    beforeAll(async () => {
      broker = await start()
    })
    afterAll(() => broker.stop())
    const { api, coordinator, worker } = cluster(processes, () => ({
      ...database.env,
      ...broker.env,
      TASKFLOW_CONCURRENCY: String(SLOTS),
    }))

    test('all of 10,000 waiting tasks run within 40 seconds of the broker losing everything', {
      timeout: 180_000,
    }, async ({ annotate }) => {
      const [server] = await Promise.all([api(), coordinator()])
      await server.client.tasks.submitMany(
        Array.from({ length: COUNT }, (_, n) => ({ type: 'record', payload: { n, ms: TASK_MS } })),
      )
      await eventually(() => broker.depth() >= COUNT, {
        timeoutMs: 20_000,
        what: 'word of every task to be with the broker',
      })
      await worker()
      // Some run before the harm, so that it comes in the middle of work.
      await eventually(
        async () => (await server.client.tasks.list({ state: 'succeeded', limit: 1 })).items.length > 0,
        {
          timeoutMs: 20_000,
          what: 'the first task to succeed',
        },
      )
      broker.wipe()
      const wipedAt = performance.now()
      const waiting = COUNT - (await database.inspect(countSucceeded))
      expect(waiting, 'tasks wait of which the broker knows nothing any more').toBeGreaterThan(SLOTS)
      await nothingIsLeft(server, WITHIN_MS)
      const tookMs = Math.round(performance.now() - wipedAt)
      await annotate(`${waiting} waited when the broker lost all; they had run ${tookMs} ms later`)
      expect(await database.inspect(countSucceeded)).toBe(COUNT)
      expect(await database.inspect(checkInvariants)).toEqual([])
    })
  })
}

async function countSucceeded(db: Database): Promise<number> {
  const sql = `select count(*)::integer as count from finished_task where state = 'succeeded'`
  const [row] = await rowsOf<{ count: number }>(db, sql)
  return row?.count ?? 0
}
