import { setTimeout as pause } from 'node:timers/promises'
import type { Contender } from './contenders.ts'
import { type Agent, openControl } from './control.ts'
import { AT_ONCE } from './load.ts'
import { nowMs } from './moment.ts'
import type { Server } from './processes.ts'
import { type Bench, sized } from './scenario.ts'

/** Until so many tasks were submitted, or for so long. */
type Extent = { readonly tasks: number } | { readonly forMs: number }

/** What a producer did, by the machine's monotonic clock. */
export interface Ran {
  readonly count: number
  readonly beganMs: number
  readonly endedMs: number
}

/** Tasks a second. */
export const rateOfRan = ({ count, beganMs, endedMs }: Ran): number => (count / (endedMs - beganMs)) * 1_000

/** One contender at work on an empty store: a producer, and workers that are warm. */
export interface Team {
  /** One a call, 50 calls in flight. */
  singles(extent: Extent): Promise<Ran>
  /** So many a call, so many calls in flight. */
  batches(extent: Extent & { readonly size: number; readonly atOnce: number }): Promise<Ran>
  /** One at a time, each after a rest. */
  spaced(rhythm: { readonly tasks: number; readonly gapMs: number }): Promise<void>
  paced(rhythm: { readonly tasks: number; readonly perSecond: number }): Promise<void>
  /** Holds every handler from now on where it starts. */
  shut(): Promise<void>
  /** Lets them go; resolves with the moment. */
  open(): Promise<number>
  /** Until so many handlers started and nothing is left to do; the moment of that. Counts from the last look at latencies. */
  untilSettled(tasks: number): Promise<number>
  /** From each submit call to the start of its handler, since the warm-up or the last look. */
  latenciesMs(): Promise<number[]>
  /** Of the worker processes, without their children. */
  readonly workerPids: readonly number[]
}

const LOOK_MS = 15
const PATIENCE_MS = 120_000

/** Starts a contender's processes, warms them up, and ends them after the work. */
export function withTeam<Result>(
  bench: Bench,
  contender: Contender,
  workers: number,
  work: (team: Team) => Promise<Result>,
): Promise<Result> {
  const { stores, reportersPerWorker } = contender
  return bench.stores.withPlace(stores, async (place) => {
    const control = await openControl()
    const servers: Server[] = []
    const start = { env: control.env, profileDir: bench.profileDir }
    /** Or the first thing that goes wrong with a process. */
    const orFailure = <Value>(value: Promise<Value>): Promise<Value> =>
      Promise.race([value, ...servers.map(({ failed }) => failed)])
    try {
      servers.push(contender.startProducer(bench, place, start))
      const producer = await orFailure(control.next('producer'))
      const starts = Array.from({ length: workers }, () => contender.startWorker(bench, place, start))
      // Those that did start are to be ended also when another did not.
      for (const started of await Promise.allSettled(starts))
        if (started.status === 'fulfilled') servers.push(started.value)
      await Promise.all(starts)
      const reporters: Agent[] = []
      while (reporters.length < workers * reportersPerWorker) reporters.push(await orFailure(control.next('worker')))
      const team = teamOf(
        producer,
        reporters,
        servers.slice(1).map(({ pid }) => pid),
      )
      await orFailure(warmUp(bench, contender, team, workers))
      return await orFailure(work(team))
    } finally {
      await Promise.all(servers.map((server) => server.stop()))
      control.close()
    }
  })
}

function teamOf(producer: Agent, reporters: readonly Agent[], workerPids: readonly number[]): Team {
  const askAll = <Reply>(command: string): Promise<Reply[]> =>
    Promise.all(reporters.map((reporter) => reporter.ask<Reply>(command)))
  const handled = async () => (await askAll<number>('handled')).reduce((sum, count) => sum + count, 0)
  return {
    workerPids,
    singles: (extent) => producer.ask('singles', { ...extent, atOnce: AT_ONCE }),
    batches: (extent) => producer.ask('batches', extent),
    spaced: (rhythm) => producer.ask('spaced', rhythm),
    paced: (rhythm) => producer.ask('paced', rhythm),
    async shut() {
      await askAll('shut')
    },
    async open() {
      return Math.min(...(await askAll<number>('open')))
    },
    async untilSettled(tasks) {
      const deadline = nowMs() + PATIENCE_MS
      while ((await handled()) < tasks) {
        if (nowMs() > deadline) throw new Error(`Only ${await handled()} of ${tasks} handlers started in time`)
        await pause(LOOK_MS)
      }
      return producer.ask<number>('settled')
    },
    latenciesMs: async () => (await askAll<number[]>('latencies')).flat(),
  }
}

/** Both ways to submit, and in each worker the way of a task to its end, until the compilers have seen them. */
async function warmUp(bench: Bench, { share }: Contender, team: Team, workers: number): Promise<void> {
  const tasks = sized(bench, 2_000, 2_000, 200) * share * Math.max(workers, 1)
  const { count: batched } = await team.batches({ tasks, size: 200, atOnce: 1 })
  const { count: single } = await team.singles({ forMs: sized(bench, 300, 300, 30) })
  if (workers === 0) return
  await team.untilSettled(batched + single)
  await team.latenciesMs()
}
