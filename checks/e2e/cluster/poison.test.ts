import { join } from 'node:path'
import { checkInvariants, eventually, useProcessDatabase, useProcesses } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { openGate } from '../gate.ts'
import { serverEngine } from './brokers.ts'
import { cluster } from './cluster.ts'

const NEIGHBOURS = 9

const processes = useProcesses()
const database = useProcessDatabase(serverEngine(), processes)
const { api, coordinator, worker } = cluster(processes, () => ({ ...database.env, TASKFLOW_CONCURRENCY: '10' }))

test('a task that kills its process is quarantined after three crashes; its neighbours lose no attempt', {
  timeout: 180_000,
}, async () => {
  const folder = processes.tempFolder()
  const gate = join(folder, 'gate')
  const [{ client }] = await Promise.all([api(), coordinator()])
  const first = await worker()
  const neighbours = await client.tasks.submitMany(
    Array.from({ length: NEIGHBOURS }, (_, n) => ({ type: 'record', maxAttempts: 2, payload: { n, gate } })),
  )
  await eventually(async () => (await client.tasks.list({ state: 'running' })).items.length === NEIGHBOURS, {
    timeoutMs: 30_000,
    what: 'the neighbours to run',
  })
  const poisonous = await client.tasks.submit('poison', null, { maxAttempts: 2 })
  expect(await first.ended).toEqual({ code: null, signal: 'SIGKILL' })
  openGate(gate)

  // As a process manager does. The task kills the next worker too; the one after that runs it in a process of its own.
  const second = await worker()
  expect(await second.ended).toEqual({ code: null, signal: 'SIGKILL' })
  const third = await worker()
  const dead = await client.tasks.wait(poisonous, { timeoutMs: 60_000 })
  expect(dead).toMatchObject({ state: 'failed', crashCount: 3, error: { reason: 'quarantined' } })
  const { items: attempts } = await client.tasks.attempts(dead)
  expect(attempts.map(({ outcome }) => outcome)).toEqual(['rescued', 'rescued', 'rescued'])

  for (const id of neighbours) {
    const task = await client.tasks.wait(id, { timeoutMs: 60_000 })
    expect(task).toMatchObject({ state: 'succeeded', attempt: 1 })
  }
  expect(await third.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  expect(await database.inspect(checkInvariants)).toEqual([])
})
