import { once } from 'node:events'
import { request } from 'node:http'
import { untilEmpty } from './api.ts'
import { askWorkers } from './ask-workers.ts'
import { type FilledStore, filledStore } from './filled-store.ts'
import { withClient } from './postgres.ts'
import { familyCpuMsOf } from './process-usage.ts'
import { ADMIN_TOKEN, type Server, startTaskFlow } from './processes.ts'
import type { Figures } from './rounds.ts'
import type { Bench } from './scenario.ts'
import { postmasterOf } from './scenarios/idle.ts'

/** What a task is given beside what a plain one has. */
export interface Option {
  readonly type?: string
  readonly body?: Readonly<Record<string, unknown>>
  readonly hasIdempotencyKey?: boolean
  /** Fewer of those that cost a thousand times as much. */
  readonly share?: number
}

const NOOP = 'bench.noop'
const PAYLOAD = { order: 'A-2026-000417', text: 'x'.repeat(64) }

/** An API with a coordinator and a worker, both warm, and their database: kept from one option to the next. */
export interface OptionBench {
  /** Percent of what as many plain tasks cost a moment before. */
  costOf(option: Option, tasks: number): Promise<Figures>
  close(): Promise<void>
}

export function optionBench(bench: Bench): OptionBench {
  const store = filledStore(bench.stores, 'options', async () => {})
  let opening: Promise<Pair> | undefined

  return {
    async costOf(option, tasks) {
      opening ??= openPair(bench, store).then(async (pair) => {
        // The first tasks of a process cost several times as much as those after.
        await costOf(pair, {}, tasks)
        return pair
      })
      const pair = await opening
      const count = Math.ceil(tasks * (option.share ?? 1))
      const [plain, given] = [await costOf(pair, {}, tasks), await costOf(pair, option, count)]
      return {
        // What only a handler does differently is submitted as a plain task is.
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

/** CPU time of all processes for each task: while they are stored, with the worker cordoned, and from then on until all have ended. */
async function costOf(pair: Pair, option: Option, tasks: number): Promise<Cost> {
  const { url, front, worker, postmaster } = pair
  const cpuMs = () => [front.pid, worker.pid, postmaster].reduce((sum, pid) => sum + familyCpuMsOf(pid), 0)
  const logBytes = () => withClient(url, async (client) => Number((await client.query(LOG)).rows[0]?.bytes))
  await askWorkers(front.url, ADMIN_TOKEN, 'cordon')
  const [bytesBefore, before] = [await logBytes(), cpuMs()]
  await submit(front, option, tasks)
  const submitted = cpuMs()
  await askWorkers(front.url, ADMIN_TOKEN, 'uncordon')
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
  const outgoing = request(`${server.url}/v1/tasks/batch`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${ADMIN_TOKEN}`,
      'content-type': 'application/x-ndjson',
      ...(hasIdempotencyKey && { 'idempotency-key': crypto.randomUUID() }),
    },
  })
  outgoing.end(`${JSON.stringify({ type, payload: PAYLOAD, ...body })}\n`.repeat(tasks))
  const [reply] = await once(outgoing, 'response')
  let text = ''
  for await (const chunk of reply.setEncoding('utf8')) text += chunk
  const stored = text.match(/"id":/g)?.length ?? 0
  if (stored !== tasks) throw new Error(`Expected ${tasks} tasks stored, got ${stored}: ${text.slice(0, 500)}`)
}
