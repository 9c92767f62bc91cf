import { withClient } from '@taskflow/testing/measuring/durable-postgres'
import { familyCpuMsOf } from '@taskflow/testing/measuring/process-usage'
import { steerWorkers, submitNdjson, taskOf, untilEmpty } from './api.ts'
import { type FilledStore, filledStore } from './filled-store.ts'
import { type Server, startTaskFlow } from './processes.ts'
import type { Figures } from './rounds.ts'
import type { Bench } from './scenario.ts'
import { postmasterOf } from './scenarios/idle.ts'

/** The difference between a task and a plain one. */
export interface Option {
  readonly type?: string
  readonly body?: Readonly<Record<string, unknown>>
  readonly hasIdempotencyKey?: boolean
  /** Share of the tasks to measure: fewer of those that cost a thousand times as much. */
  readonly share?: number
}

const NOOP = 'bench.noop'

/** An API with a coordinator and a worker, both warm, and their database, which serve one option after another. */
export interface OptionBench {
  /** The cost in percent of the cost of as many plain tasks a moment before. */
  costOf(option: Option, tasks: number): Promise<Figures>
  close(): Promise<void>
}

export function optionBench(bench: Bench): OptionBench {
  const store = filledStore(bench.stores, 'options', async () => {})
  let opening: Promise<Pair> | undefined

  return {
    async costOf(option, tasks) {
      opening ??= openPair(bench, store).then(async (pair) => {
        // The first tasks of a process cost several times as much as later ones.
        await costOf(pair, {}, tasks)
        return pair
      })
      const pair = await opening
      const count = Math.ceil(tasks * (option.share ?? 1))
      const [plain, given] = [await costOf(pair, {}, tasks), await costOf(pair, option, count)]
      return {
        // Where only the handler differs, the submission is that of a plain task.
        ...(option.type === undefined && { submit: (100 * given.submitUs) / plain.submitUs }),
        run: (100 * given.runUs) / plain.runUs,
        log: (100 * given.logBytes) / plain.logBytes,
      }
    },
    async close() {
      const pair = await opening
      await pair?.worker.stop()
      await pair?.front.stop()
      await store.drop()
    },
  }
}

interface Pair {
  readonly url: string
  readonly front: Server
  readonly worker: Server
  readonly postmaster: number
}

function openPair(bench: Bench, filled: FilledStore): Promise<Pair> {
  return filled.with(async (store) => {
    const front = await startTaskFlow(store.env, { ...bench, roles: ['api', 'coordinator'] })
    const worker = await startTaskFlow(store.env, { ...bench, roles: ['worker'] })
    const postmaster = (await postmasterOf(bench)) ?? Number.NaN
    return { url: store.url ?? '', front, worker, postmaster }
  })
}

interface Cost {
  readonly submitUs: number
  readonly runUs: number
  readonly logBytes: number
}

/**
 * CPU time of all processes per task: while tasks are stored, with the worker cordoned, and from then until all have
 * ended.
 */
async function costOf(pair: Pair, option: Option, tasks: number): Promise<Cost> {
  const { url, front, worker, postmaster } = pair
  const cpuMs = () => [front.pid, worker.pid, postmaster].reduce((sum, pid) => sum + familyCpuMsOf(pid), 0)
  const logBytes = () => withClient(url, async (client) => Number((await client.query(LOG)).rows[0]?.bytes))
  await steerWorkers(front, 'cordon')
  const [bytesBefore, before] = [await logBytes(), cpuMs()]
  await submit(front, option, tasks)
  const submitted = cpuMs()
  await steerWorkers(front, 'uncordon')
  await untilEmpty(url)
  const [after, bytesAfter] = [cpuMs(), await logBytes()]
  return {
    submitUs: (1_000 * (submitted - before)) / tasks,
    runUs: (1_000 * (after - submitted)) / tasks,
    logBytes: (bytesAfter - bytesBefore) / tasks,
  }
}

const LOG = `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as bytes`

async function submit(server: Server, { type = NOOP, body, hasIdempotencyKey }: Option, tasks: number): Promise<void> {
  const headers = { ...(hasIdempotencyKey && { 'idempotency-key': crypto.randomUUID() }) }
  await submitNdjson(server, `${taskOf(type, body)}\n`.repeat(tasks), tasks, headers)
}
