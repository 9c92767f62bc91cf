import { join } from 'node:path'
import { checkInvariants, eventually, useProcessDatabase, useProcesses } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { openGate } from '../gate.ts'
import { runsIn } from '../runs.ts'
import { serverEngine } from './brokers.ts'
import { cluster } from './cluster.ts'

const HELD = 10
const FROZEN_MS = 15_000

const processes = useProcesses()
const database = useProcessDatabase(serverEngine(), processes)
const { api, coordinator, worker } = cluster(processes, () => ({
  ...database.env,
  TASKFLOW_CONCURRENCY: String(HELD),
}))

test('the tasks of a frozen worker run elsewhere; once it thaws, its results are refused and it continues under a new id', {
  timeout: 120_000,
}, async () => {
  const folder = processes.tempFolder()
  const gate = join(folder, 'gate')
  const [{ client }, , frozen] = await Promise.all([
    api(),
    coordinator(),
    worker({ TASKFLOW_WORKER_NAME: 'frozen', TASKFLOW_QUEUES: 'default,own' }),
  ])
  const ids = await client.tasks.submitMany(
    Array.from({ length: HELD }, (_, n) => ({ type: 'record', payload: { folder, n, gate } })),
  )
  await eventually(() => runsIn(folder).size === HELD, { timeoutMs: 20_000, what: 'every task to run' })
  const before = (await client.workers.list()).items.find(({ name }) => name === 'frozen')

  frozen.freeze()
  const frozenAt = performance.now()
  await worker({ TASKFLOW_WORKER_NAME: 'other' })
  const areHeldByOther = () => [...runsIn(folder).values()].every((tokens) => tokens.length === 2)
  await eventually(areHeldByOther, { timeoutMs: 40_000, what: 'every task to run elsewhere' })
  openGate(gate)
  const finished = await Promise.all(ids.map((id) => client.tasks.wait(id, { timeoutMs: 20_000 })))
  await eventually(() => performance.now() - frozenAt > FROZEN_MS, { timeoutMs: FROZEN_MS + 5_000 })
  frozen.thaw()

  await frozen.waitForOutput(/its lease was lost/, { timeoutMs: 20_000 })
  await frozen.waitForOutput(/continues under a new id/, { timeoutMs: 20_000 })
  for (const task of finished) {
    expect(task).toMatchObject({ state: 'succeeded', attempt: 1, crashCount: 1 })
    const { items } = await client.tasks.attempts(task)
    expect(items.map(({ outcome }) => outcome)).toEqual(['rescued', 'succeeded'])
    expect(items[0]?.workerId).toBe(before?.id)
    expect(task.workerId).not.toBe(before?.id)
  }

  // Only the worker that was frozen takes tasks from this queue.
  const own = await client.tasks.submit('record', { n: 7 }, { queue: 'own' })
  const done = await client.tasks.wait(own, { timeoutMs: 20_000 })
  const workers = (await client.workers.list()).items.filter(({ name }) => name === 'frozen')
  expect(workers.map(({ id, state }) => [id === before?.id, state])).toEqual([
    [false, 'active'],
    [true, 'lost'],
  ])
  expect(done).toMatchObject({ state: 'succeeded', workerId: workers[0]?.id })
  expect(await database.inspect(checkInvariants)).toEqual([])
})
