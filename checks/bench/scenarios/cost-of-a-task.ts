import { withClient } from '@taskflow/testing/measuring/durable-postgres'
import { cpuMsOf, familyCpuMsOf } from '@taskflow/testing/measuring/process-usage'
import { submitLines, untilEmpty } from '../api.ts'
import { SLOTS } from '../load.ts'
import { type Server, startTaskFlow } from '../processes.ts'
import type { Figures } from '../rounds.ts'
import { type Bench, type Scenario, sized } from '../scenario.ts'
import type { Store } from '../stores.ts'
import { postmasterOf } from './idle.ts'

const TYPE = 'bench.noop'
const WARM_UP = 1_000

const countOf = (bench: Bench): number => sized(bench, 30_000, 5_000, 500)

export const costOfATask: Scenario = {
  name: 'cost-of-a-task',
  rows: ['K'],
  title: 'Cost of one task',
  summary:
    'The cost of one plain task from its submission over HTTP (NDJSON) to its end: for a process with the role ' +
    '`api`, for a process with the role `worker` and 100 slots, and for all processes of PostgreSQL. Backlog: all ' +
    'tasks are stored before the worker starts. As they come: the worker waits for the tasks. Dead rows are the ' +
    'row versions that vacuum has to remove. Log is the write-ahead log of PostgreSQL, on new tables.',
  figures: {
    statements: 'statements/task',
    'dead rows': 'rows/task',
    log: 'bytes/task',
    'cpu of PostgreSQL': 'µs/task',
    'cpu of the api': 'µs/task',
    'cpu of the worker': 'µs/task',
  },
  settings: (bench) => ({ tasks: countOf(bench), slots: SLOTS, warmUpTasks: WARM_UP }),
  contenders: (bench) => ({
    backlog: () => bench.stores.with('PostgreSQL', (store) => measure(bench, store, runBacklog)),
    'as they come': () => bench.stores.with('PostgreSQL', (store) => measure(bench, store, runAsTheyCome)),
  }),
}

/** Runs that many tasks; resolves with the CPU time of the two processes, which have ended by then. */
type Way = (bench: Bench, store: Store, api: Server, count: number) => Promise<{ apiMs: number; workerMs: number }>

async function measure(bench: Bench, store: Store, way: Way): Promise<Figures> {
  const { url = '' } = store
  const count = countOf(bench)
  const api = await startTaskFlow(store.env, { ...bench, roles: ['api'] })
  await warmUp(bench, store, api)
  const postmaster = (await postmasterOf(bench)) ?? Number.NaN
  const before = { ...(await writtenBy(url)), cpuMs: familyCpuMsOf(postmaster) }
  const { apiMs, workerMs } = await way(bench, store, api, count)
  const after = { ...(await writtenBy(url)), cpuMs: familyCpuMsOf(postmaster) }
  return {
    statements: (after.transactions - before.transactions) / count,
    'dead rows': (after.deadRows - before.deadRows) / count,
    log: (after.logBytes - before.logBytes) / count,
    'cpu of PostgreSQL': (1_000 * (after.cpuMs - before.cpuMs)) / count,
    'cpu of the api': (1_000 * apiMs) / count,
    'cpu of the worker': (1_000 * workerMs) / count,
  }
}

const startWorker = (bench: Bench, store: Store): Promise<Server> =>
  startTaskFlow(store.env, { ...bench, roles: ['worker'] })

/** Warms up with a worker that has ended before the measurement, so that its sessions have reported their counts. */
async function warmUp(bench: Bench, store: Store, api: Server): Promise<void> {
  const worker = await startWorker(bench, store)
  await submitLines(api, TYPE, WARM_UP)
  await untilEmpty(store.url ?? '')
  await worker.stop()
}

const runBacklog: Way = async (bench, store, api, count) => {
  const apiMs = await cpuMsDuring(api, () => submitLines(api, TYPE, count))
  await api.stop()
  // The cost of its start is no cost of a task: the time until it is ready does not count.
  const worker = await startWorker(bench, store)
  const workerMs = await cpuMsDuring(worker, () => untilEmpty(store.url ?? ''))
  await worker.stop()
  return { apiMs, workerMs }
}

const runAsTheyCome: Way = async (bench, store, api, count) => {
  const worker = await startWorker(bench, store)
  let apiMs = 0
  const workerMs = await cpuMsDuring(worker, async () => {
    apiMs = await cpuMsDuring(api, () => submitLines(api, TYPE, count))
    await untilEmpty(store.url ?? '')
  })
  await Promise.all([api.stop(), worker.stop()])
  return { apiMs, workerMs }
}

async function cpuMsDuring({ pid }: Server, work: () => Promise<unknown>): Promise<number> {
  const before = cpuMsOf(pid)
  await work()
  return cpuMsOf(pid) - before
}

// A session reports its counts at the latest when it ends. Each statement of the plain path is a transaction of its
// own.
const WRITTEN = `
  select (select xact_commit from pg_stat_database where datname = current_database())::float8 as transactions,
         (select sum(n_tup_upd + n_tup_del) from pg_stat_user_tables where relname ~ '^(finished_)?task')::float8 as "deadRows",
         pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as "logBytes"`

interface Written {
  readonly transactions: number
  readonly deadRows: number
  readonly logBytes: number
}

async function writtenBy(url: string): Promise<Written> {
  const { rows } = await withClient(url, (client) => client.query<Written>(WRITTEN))
  if (!rows[0]) throw new Error('Expected one row of what was written')
  return rows[0]
}
