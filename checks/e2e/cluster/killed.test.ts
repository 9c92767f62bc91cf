import type { Database } from '@taskflow/database'
import { TaskFlow } from '@taskflow/sdk'
import { CRASH_LIMIT } from '@taskflow/tasks'
import { checkInvariants, eventually, freePort, type RunningProcess } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { expect, test } from 'vitest'
import { nothingIsLeft } from '../server.ts'
import { BROKERS, describeWithBrokers } from './brokers.ts'
import { lastTermIn, leaderAfter, leaderOf } from './cluster.ts'
import { after, submitThroughHarm } from './harm.ts'

const COUNT = 20_000
const CHUNK = 100
const WORKERS = 3
// Long enough that the work outlasts several kills, and that each kill finds every slot in use.
const TASK_MS = 80
const KILL_EVERY_MS = 2_000
// Workers are killed as long as there is work.
const MAX_KILLS = 12
const KILL_API_AT = 5_000

interface Finished {
  readonly id: string
  readonly n: number
  readonly state: string
  readonly crash_count: number
}

describeWithBrokers(BROKERS, { TASKFLOW_CONCURRENCY: '25' }, (processesOf) => {
  const { database } = processesOf

  test('20,000 tasks survive the deaths of workers, leaders and an API: each once, none lost', {
    timeout: 300_000,
  }, async ({ annotate }) => {
    const port = String(await freePort())
    const [mortalApi, api, ...coordinators] = await Promise.all([
      processesOf.api({ TASKFLOW_PORT: port }),
      processesOf.api(),
      processesOf.coordinator(),
      processesOf.coordinator(),
    ])
    let workers = await Promise.all(Array.from({ length: WORKERS }, () => processesOf.worker()))

    let isApiKilled = false
    const revived = Promise.withResolvers<unknown>()
    const submitting = submitThroughHarm({
      clients: [mortalApi, api, mortalApi, api].map(({ url, env }) => new TaskFlow({ url, token: env.TASKFLOW_TOKEN })),
      count: COUNT,
      chunkSize: CHUNK,
      task: (n) => ({ type: 'record', payload: { n, ms: TASK_MS } }),
      onAcknowledged(acknowledged) {
        if (isApiKilled || acknowledged < KILL_API_AT) return
        isApiKilled = true
        void mortalApi.process.kill('SIGKILL')
        revived.resolve(mortalApi.process.ended.then(() => processesOf.api({ TASKFLOW_PORT: port })))
      },
    })

    const finished = nothingIsLeftAfter(submitting, api)
    let kills = 0
    let leadersKilled = 0
    const isDone = { yet: false }
    void finished.finally(() => {
      isDone.yet = true
    })
    while (!isDone.yet && kills < MAX_KILLS) {
      await after(KILL_EVERY_MS)
      if (isDone.yet) break
      await eventually(async () => !(await database.inspect(isSuspectRunning)), { timeoutMs: 30_000 })
      const [victim, ...others] = workers as [RunningProcess, ...RunningProcess[]]
      const [, replacement] = await Promise.all([victim.kill('SIGKILL'), processesOf.worker()])
      workers = [...others, replacement]
      kills++
      if (leadersKilled < 2 && kills % 2 === 0) {
        await killLeader(coordinators, processesOf.coordinator)
        leadersKilled++
      }
    }
    const acknowledged = await submitting
    await revived.promise
    await finished
    while (leadersKilled < 2) {
      await killLeader(coordinators, processesOf.coordinator)
      leadersKilled++
    }

    const rows = await database.inspect((db) =>
      rowsOf<Finished>(
        db,
        `select id, (payload ->> 'n')::integer as n, state, crash_count from finished_task
         union all select id, (payload ->> 'n')::integer, state, crash_count from task`,
      ),
    )
    const rescued = rows.filter(({ crash_count }) => crash_count > 0).length
    await annotate(`${kills} workers killed, ${leadersKilled} leaders, 1 API; ${rescued} tasks rescued`)
    expect(acknowledged.size).toBe(COUNT)
    expect(rows.length, 'every task is there once').toBe(COUNT)
    expect(new Map(rows.map(({ n, id }) => [n, id]))).toEqual(acknowledged)
    expect(rows.filter(({ state }) => state !== 'succeeded')).toEqual([])
    expect(kills).toBeGreaterThan(3)
    expect(rescued).toBeGreaterThan(0)
    expect(await database.inspect(checkInvariants)).toEqual([])
  })
})

/** Whether a task runs that would be quarantined if its worker were killed too. */
async function isSuspectRunning(db: Database): Promise<boolean> {
  const sql = `select from task where state = 'running' and crash_count >= $1 limit 1`
  return (await rowsOf(db, sql, [CRASH_LIMIT - 1])).length > 0
}

async function nothingIsLeftAfter(submitting: Promise<unknown>, api: Parameters<typeof nothingIsLeft>[0]) {
  await submitting
  await nothingIsLeft(api, 200_000)
}

/** Kills the leader, starts another coordinator in its place, and waits until one leads again. */
async function killLeader(coordinators: RunningProcess[], start: () => Promise<RunningProcess>): Promise<void> {
  const leader = leaderOf(coordinators) ?? (await leaderAfter(0, () => coordinators, 20_000))
  const term = lastTermIn(leader.output)
  await leader.kill('SIGKILL')
  coordinators.splice(coordinators.indexOf(leader), 1, await start())
  await leaderAfter(term, () => coordinators, 20_000)
}
