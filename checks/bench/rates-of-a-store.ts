import { setTimeout as pause } from 'node:timers/promises'
import { withClient } from '@taskflow/testing/measuring/durable-postgres'
import { familyCpuMsOf } from '@taskflow/testing/measuring/process-usage'
import { metricsOf, submitLines, submitTask, taskOf } from './api.ts'
import { startLoad } from './http-load.ts'
import { type Server, startTaskFlow } from './processes.ts'
import { type Figures, percentileOf } from './rounds.ts'
import { type Bench, sized, type Unit } from './scenario.ts'
import { postmasterOf } from './scenarios/idle.ts'
import type { Store } from './stores.ts'
import type { Target } from './targets.ts'
import { asksWhether, untilNot } from './until-not.ts'

const NOOP = 'bench.noop'
const REPORT_START = 'bench.report-start'
const CONNECTIONS = 50
const WARM_UP = 1_000
const GAP_MS = 20
const LOOK_MS = 50

/**
 * Rows D, E and F of the table of targets, on one store. The CPU time is that of the backlog, which other work on the
 * machine affects least.
 */
export const RATES = {
  backlog: 'tasks/s',
  'cpu of PostgreSQL': 'µs/task',
  'submit and run': 'tasks/s',
  'pickup p50': 'ms',
  'pickup p90': 'ms',
} as const satisfies Record<string, Unit>

/** Targets: the content of the store changes each rate by no more than a share. */
export const targetsOf = (row: string, what: string, share: number, sides: Pick<Target, 'of' | 'to'>): Target[] =>
  Object.entries(RATES).map(([figure, unit]) => ({
    row,
    measure: `${what}: ${figure}`,
    figure,
    ...sides,
    ...(unit === 'tasks/s' ? { atLeast: 1 - share } : { atMost: 1 + share }),
  }))

export const sizesOf = (bench: Bench) =>
  sized(
    bench,
    { tasks: 30_000, seconds: 3, samples: 300 },
    { tasks: 5_000, seconds: 1, samples: 50 },
    { tasks: 500, seconds: 0.2, samples: 10 },
  )

/** Measures the rates. Other tasks in the store stay there, and are not for this worker. */
export async function ratesOf(bench: Bench, store: Store): Promise<Figures> {
  const { url = '' } = store
  const { tasks, seconds, samples } = sizesOf(bench)
  const front = await startTaskFlow(store.env, { ...bench, roles: ['api', 'coordinator'] })
  let worker: Server | undefined
  try {
    await untilCounted(front)
    const postmaster = (await postmasterOf(bench)) ?? Number.NaN
    const beforeMs = familyCpuMsOf(postmaster)
    const backlog = await runOf(url, async () => {
      await submitLines(front, NOOP, tasks)
      worker = await startTaskFlow(store.env, { ...bench, roles: ['worker'] })
    })
    const databaseMs = familyCpuMsOf(postmaster) - beforeMs
    await runOf(url, () => submitLines(front, NOOP, WARM_UP))
    const together = await runOf(url, () => submitFor(front, seconds))
    return {
      backlog: backlog.sinceStart,
      'cpu of PostgreSQL': (1_000 * databaseMs) / tasks,
      'submit and run': together.sinceSubmission,
      ...(await pickups(front, url, samples)),
    }
  } finally {
    await worker?.stop()
    await front.stop()
  }
}

/** Waits until the coordinator has counted all queues, which is a cost of its start and not of a task. */
async function untilCounted(front: Server): Promise<void> {
  const counted = /^taskflow_rounds_total\{service="queueCounter",outcome="succeeded"\} [1-9]/m
  while (!counted.test(await metricsOf(front))) await pause(LOOK_MS)
}

async function submitFor({ url }: Server, seconds: number): Promise<void> {
  const load = await startLoad({ url, body: taskOf(NOOP), connections: CONNECTIONS })
  await pause(seconds * 1_000)
  await load.stop()
}

async function pickups(front: Server, url: string, samples: number): Promise<Figures> {
  const calledAt: number[] = []
  const { results } = await runOf(url, async () => {
    for (let call = 0; call < samples; call++) {
      await pause(GAP_MS)
      calledAt.push(performance.timeOrigin + performance.now())
      await submitTask(front, REPORT_START)
    }
  })
  const waitedMs = results.map((startedAt, index) => Number(startedAt) - (calledAt[index] ?? 0))
  return { 'pickup p50': percentileOf(waitedMs, 0.5), 'pickup p90': percentileOf(waitedMs, 0.9) }
}

/** Rates by the database's clock, of tasks with ids from the first moment on. */
const RUN = `
  select count(*) / extract(epoch from max(finished_at) - min(started_at))::float8 as "sinceStart",
         count(*) / extract(epoch from max(finished_at) - min(created_at))::float8 as "sinceSubmission",
         array_agg(result::text order by id) as results
  from finished_task
  where id >= first_id_at($1) and type = any('{${NOOP},${REPORT_START}}')`

// Reads no more rows than a claim reads, even where a million tasks wait.
const IS_UNFINISHED = `
  select exists (select from task where state = 'running')
      or exists (select from task where state = 'queued' and project = 'default' and queue = 'default'
                 and type = any('{${NOOP},${REPORT_START}}')) as has`

interface Run {
  /** Tasks per second, from the first start or submission to the last end. */
  readonly sinceStart: number
  readonly sinceSubmission: number
  readonly results: readonly string[]
}

/** Measures the tasks that the work submits, until all of them have ended. Others may wait in the store. */
function runOf(url: string, submit: () => Promise<void>): Promise<Run> {
  return withClient(url, async (client) => {
    await client.query('set enable_seqscan = off')
    const { rows: moments } = await client.query<{ now: Date }>('select now()')
    await submit()
    await untilNot(asksWhether(client, IS_UNFINISHED), LOOK_MS)
    const { rows } = await client.query<Run>(RUN, [moments[0]?.now])
    if (!rows[0]) throw new Error('Expected one row of what ran')
    return rows[0]
  })
}
