import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  checkInvariants,
  engines,
  eventually,
  launchTaskFlow,
  useProcessDatabase,
  useProcesses,
  within,
} from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { describe, expect, test } from 'vitest'
import { openGate } from './gate.ts'
import { nothingIsLeft, type Server, startServer } from './server.ts'

const RUNNING = 50
const ENDING = 20
const WAITING = 200
const DRAIN_MS = 3_000
// For handlers to obey, for the last writes to the database, and for a busy machine.
const ALLOWANCE_MS = 10_000

interface Row {
  readonly gate: string
  readonly state: string
  readonly attempt: number
  readonly crash_count: number
  readonly released: number
  readonly count: number
}

const HOW_IT_STANDS = `
  select right(payload ->> 'gate', 5) as gate, state, attempt, crash_count,
         (select count(*) from task_attempt where task_id = any_task.id and outcome = 'released')::integer as released,
         count(*)::integer as count
  from any_task group by 1, 2, 3, 4, 5 order by count`

const submit = ({ client }: Server, count: number, gate: string) =>
  client.tasks.submitMany(Array.from({ length: count }, () => ({ type: 'hold', payload: { gate } })))

const areRunning = ({ client }: Server, count: number) =>
  eventually(async () => (await client.tasks.list({ state: 'running', limit: 200 })).items.length === count, {
    timeoutMs: 30_000,
    what: `${count} running tasks`,
  })

for (const engine of engines()) {
  describe(engine.name, () => {
    const processes = useProcesses()
    const database = useProcessDatabase(engine, processes)

    test('a stop lets running tasks end in time, and releases the rest without using an attempt', {
      timeout: 180_000,
    }, async () => {
      const folder = processes.tempFolder()
      const [early, later] = [join(folder, 'early'), join(folder, 'later')]
      const env = {
        ...database.env,
        TASKFLOW_CONCURRENCY: String(RUNNING),
        TASKFLOW_DRAIN_MS: String(DRAIN_MS),
        TASKFLOW_LOG_LEVEL: 'info',
      }
      const first = await startServer(processes, { env })
      await submit(first, ENDING, early)
      await submit(first, RUNNING - ENDING, later)
      await areRunning(first, RUNNING)
      await submit(first, WAITING, later)

      const ended = first.process.kill('SIGTERM')
      // Otherwise waiting tasks would take the slots that become free.
      await first.process.waitForOutput(/Stopping/)
      openGate(early)
      expect(await within(DRAIN_MS + ALLOWANCE_MS, ended, 'the server to stop')).toEqual({ code: 0, signal: null })
      expect(await database.inspect((db) => rowsOf<Row>(db, HOW_IT_STANDS))).toEqual([
        { gate: 'early', state: 'succeeded', attempt: 1, crash_count: 0, released: 0, count: ENDING },
        { gate: 'later', state: 'queued', attempt: 0, crash_count: 0, released: 1, count: RUNNING - ENDING },
        { gate: 'later', state: 'queued', attempt: 0, crash_count: 0, released: 0, count: WAITING },
      ])

      openGate(later)
      const second = await startServer(processes, { env })
      await nothingIsLeft(second, 60_000)
      await second.process.kill('SIGTERM')
      expect(await database.inspect((db) => rowsOf<Row>(db, HOW_IT_STANDS))).toEqual([
        { gate: 'early', state: 'succeeded', attempt: 1, crash_count: 0, released: 0, count: ENDING },
        { gate: 'later', state: 'succeeded', attempt: 1, crash_count: 0, released: 1, count: RUNNING - ENDING },
        { gate: 'later', state: 'succeeded', attempt: 1, crash_count: 0, released: 0, count: WAITING },
      ])
      expect(await database.inspect(checkInvariants)).toEqual([])
    })
  })
}

describe('asked twice', () => {
  const processes = useProcesses()

  test('a server stops at once', async () => {
    const folder = processes.tempFolder()
    const server = await startServer(processes, {
      env: { TASKFLOW_DATA_DIR: folder, TASKFLOW_DRAIN_MS: '600000', TASKFLOW_LOG_LEVEL: 'info' },
    })
    await submit(server, 1, join(folder, 'never'))
    await areRunning(server, 1)
    void server.process.kill('SIGTERM')
    await server.process.waitForOutput(/Stopping/)
    expect(await within(5_000, server.process.kill('SIGTERM'), 'the server to end')).toEqual({
      code: 130,
      signal: null,
    })
  })
})

describe('while a task module never finishes its import', () => {
  const processes = useProcesses()

  test('a server says which, and stops at once', async () => {
    const folder = processes.tempFolder()
    const tasks = join(folder, 'tasks')
    mkdirSync(tasks)
    writeFileSync(join(tasks, 'never.mjs'), 'await new Promise(() => {})')
    const env = { TASKFLOW_DATA_DIR: join(folder, 'data'), TASKFLOW_LOG_LEVEL: 'info' }
    const { process } = launchTaskFlow(processes, { tasks, env })
    await process.waitForOutput(/Still loading the task modules/, { timeoutMs: 60_000 })
    expect(await process.waitForOutput(/"module":"([^"]+)"/)).toMatchObject({ 1: 'never.mjs' })
    expect(await within(5_000, process.kill('SIGTERM'), 'the server to end')).toEqual({ code: 0, signal: null })
  }, 90_000)
})
