import { median } from '@taskflow/testing/measuring/median'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { expect, test } from 'vitest'
import type { Server } from '../server.ts'
import { BROKERS, describeWithBrokers, TWO_REDIS } from './brokers.ts'

const FLOOD = 100_000
const SLOTS = 20
// Every slot is in use all the time.
const LOW_MS = 10
const CRITICAL = 31
const MOST_MS = 100

interface Wait {
  readonly waited_ms: number
  /** Low tasks that started while this one waited. */
  readonly overtaken_by: number
}

/** How long the critical tasks with that label waited, in order of submission. */
const WAITS = `
  select (extract(epoch from started_at - queued_at) * 1000)::float8 as waited_ms,
         (select count(*)::integer from (
            select started_at from finished_task where priority = 3
            union all select started_at from task where priority = 3 and state = 'running'
          ) as low
          where low.started_at > critical.queued_at and low.started_at < critical.started_at) as overtaken_by
  from finished_task as critical
  where labels ->> 'when' = $1 and state = 'succeeded'
  order by id`

async function runCritical({ client }: Server, when: string): Promise<void> {
  for (let n = 0; n < CRITICAL; n++)
    await client.tasks.result(await client.tasks.submit('record', { n }, { priority: 'critical', labels: { when } }), {
      timeoutMs: 20_000,
    })
}

const settings = { TASKFLOW_CONCURRENCY: String(SLOTS) }

describeWithBrokers([...BROKERS, TWO_REDIS], settings, ({ api, coordinator, worker, database }) => {
  test('a flood of 100,000 low tasks does not delay a critical one', { timeout: 240_000 }, async ({ annotate }) => {
    const [server] = await Promise.all([api(), coordinator(), worker()])
    await runCritical(server, 'idle')
    await server.client.tasks.submitMany(
      Array.from({ length: FLOOD }, (_, n) => ({
        type: 'record',
        priority: 'low' as const,
        payload: { n, ms: LOW_MS },
      })),
      { chunkSize: 5_000 },
    )
    await runCritical(server, 'flooded')

    const [idle, flooded, [left]] = await database.inspect((db) =>
      Promise.all([
        rowsOf<Wait>(db, WAITS, ['idle']),
        rowsOf<Wait>(db, WAITS, ['flooded']),
        rowsOf<{ count: number }>(db, `select count(*)::integer as count from task where priority = 3`),
      ]),
    )
    const [idleMs, floodedMs] = [median(idle.map((w) => w.waited_ms)), median(flooded.map((w) => w.waited_ms))]
    await annotate(
      `waits, median: ${idleMs.toFixed(1)} ms idle, ${floodedMs.toFixed(1)} ms with ${left?.count} low tasks waiting`,
    )
    expect(flooded.length).toBe(CRITICAL)
    expect(left?.count, 'the flood is still there').toBeGreaterThan(FLOOD / 10)
    expect(floodedMs - idleMs).toBeLessThan(MOST_MS)
    // It waits for a slot, not for the tasks before it: only as many start before it as fill the slots a few times.
    expect(median(flooded.map((w) => w.overtaken_by))).toBeLessThan(10 * SLOTS)
    expect(left?.count, 'low tasks are run meanwhile').toBeLessThan(FLOOD)
  })
})
