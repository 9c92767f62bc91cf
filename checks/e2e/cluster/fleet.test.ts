import { join } from 'node:path'
import { checkInvariants, eventually, useProcessDatabase, useProcesses } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { openGate } from '../gate.ts'
import { runsIn } from '../runs.ts'
import { serverEngine } from './brokers.ts'
import { cluster } from './cluster.ts'

// GET /v1/workers shows the truth after this time at the latest.
const TRUE_WITHIN_MS = 2_000

const processes = useProcesses()
const database = useProcessDatabase(serverEngine(), processes)
const { api, coordinator, worker } = cluster(processes, () => database.env)

test('workers take the queues and types that they are configured for, and describe themselves', {
  timeout: 120_000,
}, async () => {
  const [{ client }] = await Promise.all([
    api(),
    coordinator(),
    worker({
      TASKFLOW_WORKER_NAME: 'mail',
      TASKFLOW_QUEUES: 'mail',
      TASKFLOW_WORKER_LABELS: 'zone=eu',
    }),
    worker({ TASKFLOW_WORKER_NAME: 'records', TASKFLOW_QUEUES: 'mail,default=3', TASKFLOW_TYPES: 'rec*' }),
  ])
  const workers = (await client.workers.list()).items
  const [mail, records] = ['mail', 'records'].map((wanted) => workers.find(({ name }) => name === wanted))
  expect(mail).toMatchObject({ state: 'active', queues: ['mail'], labels: { zone: 'eu' }, version: expect.any(String) })
  expect(records).toMatchObject({ state: 'active', queues: ['mail', 'default'], types: ['record'] })

  const run = async (type: string, payload: object, queue: string) =>
    (await client.tasks.wait(await client.tasks.submit(type, payload, { queue }), { timeoutMs: 20_000 })).workerId
  expect(await run('record', { n: 1 }, 'default')).toBe(records?.id)
  const gate = join(processes.tempFolder(), 'gate')
  openGate(gate)
  expect(await run('hold', { gate }, 'mail')).toBe(mail?.id)
})

test('a worker that was killed is shown as silent within two seconds', { timeout: 60_000 }, async () => {
  const [{ client }, killed] = await Promise.all([api(), worker({ TASKFLOW_WORKER_NAME: 'killed' })])
  const stateOf = async () => (await client.workers.list()).items.find(({ name }) => name === 'killed')?.state
  expect(await stateOf()).toBe('active')
  await killed.kill('SIGKILL')
  await eventually(async () => (await stateOf()) === 'silent', {
    timeoutMs: TRUE_WITHIN_MS + 500,
    what: 'it to be silent',
  })
})

test('a deploy that replaces every worker under load costs no task an attempt', { timeout: 180_000 }, async () => {
  const folder = processes.tempFolder()
  const queue = 'deploy'
  const env = { TASKFLOW_QUEUES: queue, TASKFLOW_CONCURRENCY: '10', TASKFLOW_DRAIN_MS: '100' }
  const [server, , ...workers] = await Promise.all([api(), coordinator(), worker(env), worker(env), worker(env)])
  const { client } = server
  const ids = await client.tasks.submitMany(
    Array.from({ length: 300 }, (_, n) => ({ type: 'record', queue, payload: { folder, n, ms: 400 } })),
  )
  await eventually(() => runsIn(folder).size > 30, { timeoutMs: 30_000, what: 'some tasks to have begun' })
  for (const old of workers) {
    const [ended] = await Promise.all([old.kill('SIGTERM'), worker(env)])
    expect(ended).toEqual({ code: 0, signal: null })
  }
  for (const id of ids) {
    expect(await client.tasks.wait(id, { timeoutMs: 60_000 })).toMatchObject({
      state: 'succeeded',
      attempt: 1,
      crashCount: 0,
    })
  }
  const interrupted = [...runsIn(folder).values()].filter((tokens) => tokens.length > 1)
  expect(interrupted.length, 'some were released in the middle').toBeGreaterThan(0)
  expect(await database.inspect(checkInvariants)).toEqual([])
})

test('a cordoned worker takes nothing until it is uncordoned; a drained worker releases what does not end', {
  timeout: 120_000,
}, async () => {
  const gate = join(processes.tempFolder(), 'gate')
  const [{ client }] = await Promise.all([
    api(),
    worker({ TASKFLOW_WORKER_NAME: 'only', TASKFLOW_QUEUES: 'own', TASKFLOW_DRAIN_MS: '500' }),
  ])
  const only = await eventually(async () => (await client.workers.list()).items.find(({ name }) => name === 'only'))
  const isShownAs = (state: string, running: number) =>
    eventually(
      async () => {
        const found = await client.workers.get(only.id)
        return found.state === state && found.running.length === running
      },
      { timeoutMs: TRUE_WITHIN_MS, what: `the worker to be ${state} with ${running} running` },
    )

  const held = await client.tasks.submit('hold', { gate }, { queue: 'own' })
  await isShownAs('active', 1)
  await client.workers.cordon(only.id)
  await isShownAs('cordoned', 1)
  const waiting = await client.tasks.submit('record', { n: 4 }, { queue: 'own' })
  await expect(client.tasks.wait(waiting, { timeoutMs: 1_500 })).rejects.toMatchObject({ code: 'WAIT_TIMED_OUT' })
  await client.workers.uncordon(only.id)
  expect(await client.tasks.result(waiting, { timeoutMs: 5_000 })).toEqual({ square: 16 })

  await client.workers.drain(only.id)
  await eventually(async () => (await client.tasks.get(held)).state === 'queued', {
    timeoutMs: 10_000,
    what: 'the task to be released',
  })
  await isShownAs('draining', 0)
  expect((await client.tasks.attempts(held)).items.map(({ outcome }) => outcome)).toEqual(['released'])
  openGate(gate)
  await client.workers.uncordon(only.id)
  expect(await client.tasks.wait(held, { timeoutMs: 10_000 })).toMatchObject({ state: 'succeeded', attempt: 1 })
  expect(await database.inspect(checkInvariants)).toEqual([])
})
