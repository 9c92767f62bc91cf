import { listTasks, submitLines, untilEmpty, untilSettled } from '../api.ts'
import { insertBare } from '../bare-insert.ts'
import { withClient } from '../postgres.ts'
import { type Server, SLOTS, startTaskFlow } from '../processes.ts'
import { type Figures, rateOf } from '../rounds.ts'
import type { Bench, Scenario } from '../scenario.ts'
import type { Engine, Store } from '../stores.ts'

const NOOP = 'bench.noop'
const WARM_UP = 1_000

const countOf = ({ isQuick }: Bench): number => (isQuick ? 2_000 : 10_000)

export const ndjson10k: Scenario = {
  name: 'ndjson-10k',
  summary:
    '10,000 tasks in one NDJSON request over HTTP, run by one worker of 100 slots. Submit: until the last line of the reply. ' +
    'Run: from the first task stored to the last one settled. Backlog: all were submitted before the worker ' +
    'started, from its first claim to the last settlement.',
  figures: { submit: 'tasks/s', run: 'tasks/s', 'run, small work': 'tasks/s', backlog: 'tasks/s' },
  settings: (bench) => ({
    tasks: countOf(bench),
    slots: SLOTS,
    warmUpTasks: WARM_UP,
    backlogWarmUpTasks: 0,
    limit: 'insert of three columns, 1,000 rows a statement, one connection',
  }),
  contenders: (bench) => ({
    PostgreSQL: () => measure(bench, 'PostgreSQL'),
    PGlite: () => measure(bench, 'PGlite'),
    'limit of PostgreSQL': () => bench.stores.with('PostgreSQL', ({ url = '' }) => limit(url, countOf(bench))),
  }),
  ratios: [{ figure: 'submit', of: 'PostgreSQL', to: 'limit of PostgreSQL' }],
}

async function measure(bench: Bench, engine: Engine): Promise<Figures> {
  const together = await bench.stores.with(engine, (store) => runTogether(store, bench))
  const backlog = await bench.stores.with(engine, (store) => runBacklog(store, bench))
  return { ...together, backlog }
}

export async function runTogether(store: Store, bench: Bench): Promise<Figures> {
  const count = countOf(bench)
  const server = await startTaskFlow(store, bench)
  let settled = 0
  async function submitAndRun(type: string, tasks: number): Promise<{ submit: number; run: number }> {
    settled += tasks
    const submit = await rateOf(tasks, () => submitLines(server, type, tasks))
    await untilSettled(server, store, settled)
    return { submit, run: await rateByRows(server, type, tasks, 'createdAt') }
  }
  try {
    await submitAndRun(NOOP, WARM_UP)
    const { submit, run } = await submitAndRun(NOOP, count)
    const work = await submitAndRun('bench.small-work', count)
    return { submit, run, 'run, small work': work.run }
  } finally {
    await server.stop()
  }
}

/** PGlite lives in one process, so there the worker comes with a restart; on PostgreSQL it is a second process. */
async function runBacklog(store: Store, bench: Bench): Promise<number> {
  const count = countOf(bench)
  const { profileDir } = bench
  let api = await startTaskFlow(store, { profileDir, roles: ['api', 'coordinator'] })
  let worker: Server | undefined
  try {
    await submitLines(api, NOOP, count)
    if (store.url === undefined) {
      await api.stop()
      api = await startTaskFlow(store, bench)
      await untilSettled(api, store, count)
    } else {
      worker = await startTaskFlow(store, { profileDir, roles: ['worker'] })
      await untilEmpty(store.url)
    }
    return await rateByRows(api, NOOP, count, 'startedAt')
  } finally {
    await worker?.stop()
    await api.stop()
  }
}

/** Of the newest tasks, from the first such moment to the last settlement, by the database's clock. */
async function rateByRows(
  api: Server,
  type: string,
  count: number,
  beginning: 'createdAt' | 'startedAt',
): Promise<number> {
  const tasks = (await listTasks(api, type)).slice(0, count)
  if (tasks.length !== count) throw new Error(`Expected ${count} finished tasks, got ${tasks.length}`)
  const beganMs = Math.min(...tasks.map((task) => Date.parse(task[beginning])))
  const finishedMs = Math.max(...tasks.map(({ finishedAt }) => Date.parse(finishedAt)))
  return (count / (finishedMs - beganMs)) * 1_000
}

function limit(url: string, rows: number): Promise<Figures> {
  return withClient(url, async (client) => {
    await client.query('create table bare (id uuid primary key, type text, payload json)')
    const insert = (name: string, text: string, values: unknown[]) => client.query({ name, text, values })
    await insertBare(insert, { rows, batch: 1_000 })
    return { submit: await rateOf(rows, () => insertBare(insert, { rows, batch: 1_000 })) }
  })
}
