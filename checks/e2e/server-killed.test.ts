import { join } from 'node:path'
import type { NewTask, Task } from '@taskflow/sdk'
import { checkInvariants, engines, eventually, freePort, useProcessDatabase, useProcesses } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { describe, expect, test } from 'vitest'
import { openGate } from './gate.ts'
import { runsIn } from './runs.ts'
import { nothingIsLeft, type Server, startServer } from './server.ts'

const COUNT = 5_000
const SLOTS = 20
// Tasks that have succeeded when the server is killed. Later ones run until the gate is opened, so that every slot is
// in use then.
const QUICK = 200
// Tasks that are submitted once every slot is in use, and are being submitted when the server is killed.
const HELD_BACK = 1_000
// The number of these that are acknowledged before the client kills the server.
const LEARNT_LAST = 200

interface Finished {
  readonly id: string
  readonly n: number
  readonly crash_count: number
  /** Leases under which the task was rescued from a lost worker. */
  readonly leases: string[]
}

/** Submits tasks. Resolves with the acknowledged ids by number, once the stream has broken or ended. */
async function submit(
  server: Server,
  tasks: AsyncIterable<NewTask>,
  onAcknowledged: (count: number) => void = () => {},
) {
  const acknowledged = new Map<number, string>()
  try {
    for await (const { line, id } of server.client.tasks.submitStream(tasks, { idempotencyKey: 'all-of-them' })) {
      if (id !== undefined) acknowledged.set(line - 1, id)
      onAcknowledged(acknowledged.size)
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'SERVER_UNREACHABLE' })
  }
  return acknowledged
}

async function* tasksFor(folder: string, server?: Server): AsyncGenerator<NewTask> {
  const gate = gateIn(folder)
  for (let n = 0; n < COUNT; n++) {
    if (server && n === QUICK) await untilThereAre(server, 'succeeded', 200)
    if (server && n === COUNT - HELD_BACK) await untilThereAre(server, 'running', SLOTS)
    yield { type: 'record', payload: n < QUICK ? { folder, n } : { folder, n, gate } }
  }
}

const gateIn = (folder: string) => join(folder, 'gate')

const untilThereAre = ({ client }: Server, state: Task['state'], count: number) =>
  eventually(async () => (await client.tasks.list({ state, limit: 200 })).items.length === count, {
    timeoutMs: 60_000,
    what: `${count} tasks that are ${state}`,
  })

function givenUpTo(attempts: readonly { readonly outcome: string; readonly workerId: string }[], task: Task) {
  expect(attempts.map(({ outcome }) => outcome)).toEqual(['rescued', 'succeeded'])
  expect(attempts[0]?.workerId).not.toBe(task.workerId)
}

for (const engine of engines()) {
  describe(engine.name, () => {
    const processes = useProcesses()
    const database = useProcessDatabase(engine, processes)

    test('a server killed in the middle of 5,000 tasks loses none, and accepts no result twice', {
      timeout: 300_000,
    }, async () => {
      const folder = processes.tempFolder()
      const env = { ...database.env, TASKFLOW_PORT: String(await freePort()) }
      const first = await startServer(processes, { env: { ...env, TASKFLOW_CONCURRENCY: String(SLOTS) } })
      const acknowledged = await submit(
        first,
        tasksFor(folder, first),
        (count) => count >= COUNT - HELD_BACK + LEARNT_LAST && first.process.kill('SIGKILL'),
      )
      expect(await first.process.ended).toEqual({ code: null, signal: 'SIGKILL' })
      const runsBefore = runsIn(folder)
      openGate(gateIn(folder))

      const second = await startServer(processes, { env: { ...env, TASKFLOW_CONCURRENCY: '100' } })
      // The same stream again: stored tasks are acknowledged again, the others are stored.
      const stored = await submit(second, tasksFor(folder))
      await nothingIsLeft(second, 120_000)

      expect(stored.size).toBe(COUNT)
      for (const [n, id] of acknowledged) expect(stored.get(n)).toBe(id)
      const runs = runsIn(folder)
      const twice = [...runs].filter(([, tokens]) => tokens.length > 1).map(([id]) => id)
      expect(twice.length).toBe(SLOTS)
      const [someId = ''] = twice
      const task = await second.client.tasks.get(someId)
      givenUpTo((await second.client.tasks.attempts(task)).items, task)
      expect(task).toMatchObject({ state: 'succeeded', crashCount: 1, attempt: 1 })
      await second.process.kill('SIGTERM')

      const finished = await database.inspect((db) =>
        rowsOf<Finished>(
          db,
          `select id, (payload ->> 'n')::integer as n, crash_count,
                  array(select lease_id::text from task_attempt
                        where task_id = finished_task.id and outcome = 'rescued') as leases
           from finished_task where state = 'succeeded'`,
        ),
      )
      expect(new Map(finished.map(({ n, id }) => [n, id]))).toEqual(stored)
      expect(finished.length).toBe(COUNT)
      const rescued = finished.filter(({ crash_count }) => crash_count > 0)
      expect(rescued.map(({ crash_count }) => crash_count)).toEqual(twice.map(() => 1))
      // The tasks that ran twice are those that the killed server held; each was rescued from the lease it ran under.
      expect(new Map(rescued.map(({ id, leases }) => [id, leases]))).toEqual(
        new Map(twice.map((id) => [id, runsBefore.get(id)])),
      )
      expect(await database.inspect(checkInvariants)).toEqual([])
    })
  })
}
