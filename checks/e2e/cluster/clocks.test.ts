import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LogLine } from '@taskflow/sdk'
import { type Env, eventually, useProcessDatabase, useProcesses } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { WRONG_CLOCK, type WrongClock } from '@taskflow/testing/wrong-clock'
import { expect, test } from 'vitest'
import { serverEngine } from './brokers.ts'
import { cluster } from './cluster.ts'

const HOUR_MS = 3_600_000

const processes = useProcesses()
const database = useProcessDatabase(serverEngine(), processes)
const { api, coordinator, worker } = cluster(processes, () => database.env)

/** Settings of a process on a machine whose clock is wrong. */
function wrongBy(jumpMs: number): Env {
  const file = join(processes.tempFolder(), 'clock')
  writeFileSync(file, JSON.stringify({ sinceMs: Date.now(), jumpMs, driftMsPerSecond: 0 } satisfies WrongClock))
  return { NODE_OPTIONS: `--import=${WRONG_CLOCK}`, WRONG_CLOCK_FILE: file }
}

const databaseNow = async (): Promise<Date> =>
  database.inspect(async (db) => (await rowsOf<{ now: Date }>(db, 'select clock_now() as now'))[0]!.now)

test('lists are in the order of submission, and filters go by the time of the database, whatever the clocks of the APIs', {
  timeout: 120_000,
}, async () => {
  const apis = await Promise.all([api(wrongBy(HOUR_MS)), api(), api(wrongBy(-HOUR_MS))])
  const [{ client }] = apis
  const before = await databaseNow()
  const ids: string[] = []
  for (let round = 0; round < 4; round++)
    for (const each of apis) ids.push((await each.client.tasks.submit('order')).id)
  const after = await databaseNow()

  for (const each of apis) {
    const { items } = await each.client.tasks.list({ type: 'order', limit: 50 })
    expect(items.map(({ id }) => id)).toEqual(ids.toReversed())
    const created = items.map(({ createdAt }) => createdAt)
    expect(created).toEqual(created.toSorted().toReversed())
  }
  const listed = async (filter: { createdAfter?: string; createdBefore?: string }) =>
    (await client.tasks.list({ type: 'order', limit: 50, ...filter })).items.length
  expect(await listed({ createdAfter: new Date(before.getTime() - 1_000).toISOString() })).toBe(ids.length)
  expect(await listed({ createdBefore: new Date(after.getTime() + 1_000).toISOString() })).toBe(ids.length)
  expect(await listed({ createdAfter: new Date(after.getTime() + 10_000).toISOString() })).toBe(0)
  expect(await listed({ createdBefore: new Date(before.getTime() - 10_000).toISOString() })).toBe(0)
})

test('a follower of a log sees every line, in order, although the attempts ran on machines hours apart', {
  timeout: 120_000,
}, async () => {
  const { client } = await api()
  const early = await worker(wrongBy(HOUR_MS))
  const task = await client.tasks.submit('log', null, { retry: { baseMs: 3_000, factor: 1, jitter: 'none' } })
  const lines: LogLine[] = []
  const follow = async (): Promise<void> => {
    const last = lines.at(-1)
    lines.push(...(await client.tasks.logs(task, last ? { after: last.cursor } : {})).items)
  }
  await eventually(() => follow().then(() => lines.length === 3), { timeoutMs: 30_000, what: 'the first attempt' })
  await early.kill('SIGTERM')
  await Promise.all([worker(wrongBy(-HOUR_MS)), coordinator()])
  await eventually(() => follow().then(() => lines.length === 6), { timeoutMs: 30_000, what: 'the second attempt' })

  expect(lines.map(({ message }) => message)).toEqual(['1.1', '1.2', '1.3', '2.1', '2.2', '2.3'])
  const times = lines.map(({ at }) => at)
  expect(times).toEqual(times.toSorted())
  expect(Math.abs(new Date(times[5]!).getTime() - (await databaseNow()).getTime())).toBeLessThan(60_000)
})
