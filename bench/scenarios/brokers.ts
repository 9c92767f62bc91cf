import { setTimeout as pause } from 'node:timers/promises'
import { startRabbitmq } from '@taskflow/testing/rabbitmq-server'
import { startRedis } from '@taskflow/testing/redis-server'
import { listTasks, submitLines, submitTask, untilEmpty } from '../api.ts'
import { type Server, SLOTS, startTaskFlow } from '../processes.ts'
import { type Figures, percentileOf } from '../rounds.ts'
import type { Bench, Scenario } from '../scenario.ts'
import type { Store } from '../stores.ts'

const TELL_START = 'bench.tell-start'
const NOOP = 'bench.noop'
const WARM_UP = 50
const GAP_MS = 20
const MORE_WORKERS = 4
export const RABBITMQ = '/usr/lib/rabbitmq/bin/rabbitmq-server'

const sizesOf = ({ isQuick }: Bench) => ({ samples: isQuick ? 50 : 300, tasks: isQuick ? 2_000 : 20_000 })

interface BrokerServer {
  readonly env: Readonly<Record<string, string>>
  stop(): Promise<void>
}

export const brokers: Scenario = {
  name: 'brokers',
  summary:
    'The same cluster by each broker: API, coordinator and workers as processes of their own over one durable PostgreSQL. Pickup: ' +
    'from the call that submits a task over HTTP to the start of its handler, one at a time. Run: tasks of one NDJSON request, ' +
    'from the first one stored to the last one settled, by one worker and by four.',
  figures: { 'pickup p50': 'ms', 'pickup p99': 'ms', 'run, one worker': 'tasks/s', 'run, four workers': 'tasks/s' },
  settings: (bench) => ({ ...sizesOf(bench), slots: SLOTS, gapMs: GAP_MS }),
  contenders: (bench) => ({
    PostgreSQL: () => measure(bench, async () => ({ env: {}, async stop() {} })),
    Redis: () => measure(bench, redis),
    RabbitMQ: () => measure(bench, rabbitmq),
  }),
}

async function redis(): Promise<BrokerServer> {
  const { url, stop } = await startRedis('redis-server')
  return { env: { TASKFLOW_BROKER: 'redis', TASKFLOW_REDIS_URL: url }, stop }
}

async function rabbitmq(): Promise<BrokerServer> {
  const { url, stop } = await startRabbitmq(RABBITMQ)
  return { env: { TASKFLOW_BROKER: 'rabbitmq', TASKFLOW_AMQP_URL: url }, stop }
}

async function measure(bench: Bench, start: () => Promise<BrokerServer>): Promise<Figures> {
  const broker = await start()
  try {
    const on = <Result>(work: (store: Store) => Promise<Result>): Promise<Result> =>
      bench.stores.with('PostgreSQL', (store) => work({ ...store, env: { ...store.env, ...broker.env } }))
    const pickup = await on((store) => inCluster(bench, store, 1, (api) => pickups(bench, api, store)))
    const one = await on((store) => inCluster(bench, store, 1, (api) => rateOfRun(bench, api, store)))
    const four = await on((store) => inCluster(bench, store, MORE_WORKERS, (api) => rateOfRun(bench, api, store)))
    return { ...pickup, 'run, one worker': one, 'run, four workers': four }
  } finally {
    await broker.stop()
  }
}

async function inCluster<Result>(
  { profileDir }: Bench,
  store: Store,
  workers: number,
  work: (api: Server) => Promise<Result>,
): Promise<Result> {
  const roles = [['api'], ['coordinator'], ...Array.from({ length: workers }, () => ['worker'] as const)] as const
  const servers: Server[] = []
  try {
    for (const each of roles) servers.push(await startTaskFlow(store, { profileDir, roles: each }))
    return await work(servers[0] as Server)
  } finally {
    for (const server of servers.reverse()) await server.stop()
  }
}

async function pickups(bench: Bench, api: Server, { url = '' }: Store): Promise<Figures> {
  const calledAt: number[] = []
  for (let call = 0; call < WARM_UP + sizesOf(bench).samples; call++) {
    await pause(GAP_MS)
    calledAt.push(performance.timeOrigin + performance.now())
    await submitTask(api, TELL_START)
  }
  await untilEmpty(url)
  const startedAt = (await listTasks(api, TELL_START)).map(({ result }) => Number(result)).reverse()
  const latencies = startedAt.map((at, index) => at - (calledAt[index] ?? 0)).slice(WARM_UP)
  return { 'pickup p50': percentileOf(latencies, 0.5), 'pickup p99': percentileOf(latencies, 0.99) }
}

async function rateOfRun(bench: Bench, api: Server, { url = '' }: Store): Promise<number> {
  const { tasks } = sizesOf(bench)
  await submitLines(api, TELL_START, WARM_UP)
  await untilEmpty(url)
  await submitLines(api, NOOP, tasks)
  await untilEmpty(url)
  const ran = await listTasks(api, NOOP)
  const beganMs = Math.min(...ran.map(({ createdAt }) => Date.parse(createdAt)))
  const finishedMs = Math.max(...ran.map(({ finishedAt }) => Date.parse(finishedAt)))
  return (tasks / (finishedMs - beganMs)) * 1_000
}
