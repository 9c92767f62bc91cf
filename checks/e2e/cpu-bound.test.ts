import { join } from 'node:path'
import type { Task, Worker } from '@taskflow/sdk'
import { checkInvariants, engines, eventually, useProcessDatabase, useProcesses } from '@taskflow/testing'
import { median } from '@taskflow/testing/measuring/median'
import { describe, expect, test } from 'vitest'
import { openGate } from './gate.ts'
import { runsIn } from './runs.ts'
import { type Server, startServer } from './server.ts'

const BLOCKED_MS = 20_000
// The median time of a reply while the blocked loop and other tests share two cores. A blocked API would take seconds.
const QUICK_MS = 1_000
// A heartbeat is written every 2 s; the rescuer examines a worker after 10 s of silence.
const FRESH_MS = 8_000

async function workerOf({ client }: Server): Promise<Worker> {
  const { items } = await client.workers.list()
  return items[0]!
}

const isRunning = ({ client }: Server, { id }: Pick<Task, 'id'>) =>
  eventually(async () => (await client.tasks.get(id)).state === 'running', { timeoutMs: 20_000, what: 'it to run' })

interface Glance {
  readonly replyMs: number
  readonly heartbeatAgeMs: number
  readonly loopLagMs: number
}

/** Looks at the worker repeatedly until the task has ended. */
async function watch(server: Server, task: Task): Promise<Glance[]> {
  const glances: Glance[] = []
  await eventually(
    async () => {
      const askedAt = performance.now()
      const { heartbeatAt, loopLagMs } = await workerOf(server)
      const replyMs = performance.now() - askedAt
      glances.push({ replyMs, heartbeatAgeMs: Date.now() - Date.parse(heartbeatAt), loopLagMs: loopLagMs ?? 0 })
      const { state } = await server.client.tasks.get(task, { waitMs: 200 })
      return state !== 'running'
    },
    { timeoutMs: 3 * BLOCKED_MS, what: 'the handler to return' },
  )
  return glances
}

const [embedded] = engines()

describe('a handler that blocks its loop', () => {
  const processes = useProcesses()
  const database = useProcessDatabase(embedded!, processes)

  test('for 20 s is neither rescued nor run twice, and the API and the heartbeat go on', {
    timeout: 150_000,
  }, async () => {
    const folder = processes.tempFolder()
    const server = await startServer(processes, { env: database.env })
    const task = await server.client.tasks.submit('block', { folder, ms: BLOCKED_MS })
    await isRunning(server, task)
    const glances = await watch(server, task)

    expect(median(glances.map(({ replyMs }) => replyMs))).toBeLessThan(QUICK_MS)
    expect(Math.max(...glances.map(({ heartbeatAgeMs }) => heartbeatAgeMs))).toBeLessThan(FRESH_MS)
    expect(Math.max(...glances.map(({ loopLagMs }) => loopLagMs))).toBeGreaterThan(BLOCKED_MS / 2)
    expect(await server.client.tasks.get(task)).toMatchObject({ state: 'succeeded', attempt: 1, crashCount: 0 })
    expect((await server.client.tasks.attempts(task)).items.map(({ outcome }) => outcome)).toEqual(['succeeded'])
    expect(runsIn(folder).get(task.id)).toHaveLength(1)
    await server.process.kill('SIGTERM')
    expect(await database.inspect(checkInvariants)).toEqual([])
  })

  test('for ever is stopped by its timeout wherever it runs, and costs its neighbours no attempt', {
    timeout: 150_000,
  }, async () => {
    const gate = join(processes.tempFolder(), 'gate')
    const server = await startServer(processes, { env: database.env })
    const { tasks } = server.client
    const neighbours = await Promise.all([1, 2, 3].map(() => tasks.submit('hold', { gate }, { maxAttempts: 1 })))
    for (const neighbour of neighbours) await isRunning(server, neighbour)

    const options = { maxAttempts: 1, timeouts: { startToCloseMs: 1_000 } }
    const endless = ['block.shared', 'block.thread', 'block.process'].map(async (type) => {
      const { state, error, attempt } = await tasks.wait(await tasks.submit(type, null, options), { timeoutMs: 60_000 })
      return { type, state, reason: error?.reason, attempt }
    })
    expect(await Promise.all(endless)).toEqual([
      { type: 'block.shared', state: 'failed', reason: 'timedOut', attempt: 1 },
      { type: 'block.thread', state: 'failed', reason: 'timedOut', attempt: 1 },
      { type: 'block.process', state: 'failed', reason: 'timedOut', attempt: 1 },
    ])

    openGate(gate)
    for (const neighbour of neighbours) {
      const ended = await tasks.wait(neighbour, { timeoutMs: 30_000 })
      expect(ended).toMatchObject({ state: 'succeeded', attempt: 1, crashCount: 0 })
      const { items } = await tasks.attempts(neighbour)
      expect(items.map(({ outcome }) => outcome)).toEqual(['released', 'succeeded'])
    }
    await server.process.kill('SIGTERM')
    expect(await database.inspect(checkInvariants)).toEqual([])
  })
})
