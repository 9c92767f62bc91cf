import { setTimeout as pause } from 'node:timers/promises'
import { nowMs } from '@taskflow/testing/measuring/machine-clock'
import type { Contender } from './contenders.ts'
import { type Agent, openControl } from './control.ts'
import { AT_ONCE } from './load.ts'
import type { Server } from './processes.ts'
import { type Bench, sized } from './scenario.ts'

/** A number of tasks to submit, or a duration. */
type Extent = { readonly tasks: number } | { readonly forMs: number }

/** The work of a producer, by the machine's monotonic clock. */
export interface Ran {
  readonly count: number
  readonly beganMs: number
  readonly endedMs: number
}

/** Tasks per second. */
export const rateOfRan = ({ count, beganMs, endedMs }: Ran): number => (count / (endedMs - beganMs)) * 1_000

/** The processes of one contender on an empty store: a producer, and warm workers. */
export interface Team {
  /** One task per call, 50 calls in flight. */
  singles(extent: Extent): Promise<Ran>
  /** `size` tasks per call, `atOnce` calls in flight. */
  batches(extent: Extent & { readonly size: number; readonly atOnce: number }): Promise<Ran>
  /** One at a time, each after a pause. */
  spaced(rhythm: { readonly tasks: number; readonly gapMs: number }): Promise<void>
  paced(rhythm: { readonly tasks: number; readonly perSecond: number }): Promise<void>
  /** Makes every handler wait where it starts. */
  shut(): Promise<void>
  /** Lets the handlers continue; resolves with the moment. */
  open(): Promise<number>
  /**
   * Resolves, with the moment, once that many handlers have started since the last latenciesMs() and nothing is left to
   * do.
   */
  untilSettled(tasks: number): Promise<number>
  /** The times from each submit call to the start of its handler, since the warm-up or the last call. */
  latenciesMs(): Promise<number[]>
  /** The worker processes, without their children. */
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
    /** The value, or the first failure of a process. */
    const orFailure = <Value>(value: Promise<Value>): Promise<Value> =>
      Promise.race([value, ...servers.map(({ failed }) => failed)])
    try {
      servers.push(contender.startProducer(bench, place, start))
      const producer = await orFailure(control.next('producer'))
      const starts = Array.from({ length: workers }, () => contender.startWorker(bench, place, start))
      // Processes that have started are ended also when another has not.
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

/** Submits in both ways, and runs tasks in each worker, so that the compilers have seen the code. */
async function warmUp(bench: Bench, { share }: Contender, team: Team, workers: number): Promise<void> {
  const tasks = sized(bench, 2_000, 2_000, 200) * share * Math.max(workers, 1)
  const { count: batched } = await team.batches({ tasks, size: 200, atOnce: 1 })
  const { count: single } = await team.singles({ forMs: sized(bench, 300, 300, 30) })
  if (workers === 0) return
  await team.untilSettled(batched + single)
  await team.latenciesMs()
}
