import type { Database } from '@taskflow/database'
import { checkInvariants, eventually } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { expect, test } from 'vitest'
import { nothingIsLeft } from '../server.ts'
import { describeWithBrokers, SEPARATE_BROKERS } from './brokers.ts'

const COUNT = 10_000
// All tasks together take at least four seconds: it takes two to wipe a RabbitMQ.
const SLOTS = 50
const TASK_MS = 20
const WITHIN_MS = 40_000

const settings = { TASKFLOW_CONCURRENCY: String(SLOTS) }

describeWithBrokers(SEPARATE_BROKERS, settings, (given) => {
  const { api, coordinator, worker, database } = given

  test('all of 10,000 waiting tasks run within 40 seconds of the broker losing everything', {
    timeout: 180_000,
  }, async ({ annotate }) => {
    const [server] = await Promise.all([api(), coordinator()])
    await server.client.tasks.submitMany(
      Array.from({ length: COUNT }, (_, n) => ({ type: 'record', payload: { n, ms: TASK_MS } })),
    )
    await eventually(() => given.broker.depth() >= COUNT, {
      timeoutMs: 20_000,
      what: 'the broker to hold every dispatch',
    })
    await worker()
    // Some tasks run before the harm, so that it happens in the middle of work.
    await eventually(async () => (await server.client.tasks.list({ state: 'succeeded', limit: 1 })).items.length > 0, {
      timeoutMs: 20_000,
      what: 'the first task to succeed',
    })
    given.broker.wipe()
    const wipedAt = performance.now()
    const waiting = COUNT - (await database.inspect(countSucceeded))
    expect(waiting, 'tasks wait that the broker has lost').toBeGreaterThan(SLOTS)
    await nothingIsLeft(server, WITHIN_MS)
    const tookMs = Math.round(performance.now() - wipedAt)
    await annotate(`${waiting} waited when the broker lost all; they had run ${tookMs} ms later`)
    expect(await database.inspect(countSucceeded)).toBe(COUNT)
    expect(await database.inspect(checkInvariants)).toEqual([])
  })
})

async function countSucceeded(db: Database): Promise<number> {
  const sql = `select count(*)::integer as count from finished_task where state = 'succeeded'`
  const [row] = await rowsOf<{ count: number }>(db, sql)
  return row?.count ?? 0
}
