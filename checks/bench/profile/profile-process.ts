import type { Role } from '@taskflow/testing/start-taskflow'
import type { Client } from 'pg'
import { steerWorkers } from '../api.ts'
import { between, type CpuProfile } from './cpu-profile.ts'
import { leaveToLostWorker, submitInBulk, submitSingly, untilNone } from './loads.ts'
import { type ProfiledServer, startProfiled } from './profiled-server.ts'

/** The database and the amount of work; `report` prints the progress. */
export interface Scene {
  readonly databaseUrl: string
  readonly db: Client
  /** Number of tasks. */
  readonly amount: number
  report(sentence: string): void
}

/**
 * Profiles a process of each role under the load of that role. Resolves with the profile of each of its threads during
 * that load.
 */
export const PROFILE_OF: { readonly [Each in Role]: (scene: Scene) => Promise<ReadonlyMap<string, CpuProfile>> } = {
  /** `POST /v1/tasks` over fifty connections. */
  async api({ databaseUrl, amount, report }) {
    const api = await startProfiled({ roles: ['api'], databaseUrl, isProfiled: true })
    // Warm up, so that the compilers have optimized the code.
    await submitSingly(api.url, Math.ceil(amount / 10))
    report(`Submitting ${amount} tasks, each in a request of its own`)
    return during(api, () => submitSingly(api.url, amount))
  },

  /** A backlog of tasks that do nothing, run by 100 slots. */
  async worker({ databaseUrl, db, amount, report }) {
    return withApi(databaseUrl, async (url) => {
      const worker = await startProfiled({ roles: ['worker'], databaseUrl, isProfiled: true })
      // Otherwise the worker would begin before the profile, and finish a small number of tasks by then.
      await steerWorkers({ url }, 'cordon')
      report(`Submitting ${amount} tasks while the worker is cordoned`)
      await submitInBulk(url, amount)
      report('Running them')
      return during(worker, async () => {
        await steerWorkers({ url }, 'uncordon')
        await untilNone(db, ['queued', 'running'])
      })
    })
  },

  /** Tasks that fall due, tasks that expire, and tasks of a lost worker, before other queued tasks. */
  async coordinator({ databaseUrl, db, amount, report }) {
    const spreadMs = amount / 2
    report(`Submitting ${amount} tasks: six of ten fall due, two expire, one was left by a lost worker, one waits`)
    await withApi(databaseUrl, (url) =>
      submitInBulk(url, amount, (index) => {
        const kind = index % 10
        const inMs = 1_000 + Math.round((index / amount) * spreadMs)
        if (kind < 6) return { delayMs: inMs }
        if (kind < 8) return { queue: `queue-${index % 50}`, timeouts: { scheduleToStartMs: inMs } }
        return { type: kind === 8 ? 'bench.left' : 'bench.waits' }
      }),
    )
    await leaveToLostWorker(db, 'bench.left')
    report('Leading')
    const coordinator = await startProfiled({ roles: ['coordinator'], databaseUrl, isProfiled: true })
    return during(coordinator, () => untilNone(db, ['scheduled', 'running']))
  },
}

async function withApi<Result>(databaseUrl: string, work: (url: string) => Promise<Result>): Promise<Result> {
  const api = await startProfiled({ roles: ['api'], databaseUrl })
  const result = await work(api.url)
  await api.stop()
  return result
}

/** Cuts the start and the stop off the profiles: they take longer than a short load. */
async function during(server: ProfiledServer, work: () => Promise<void>): Promise<ReadonlyMap<string, CpuProfile>> {
  const fromUs = monotonicUs()
  await work()
  const toUs = monotonicUs()
  const profiles = await server.stop()
  return new Map([...profiles].map(([thread, profile]) => [thread, between(profile, fromUs, toUs)]))
}

/** Reads the clock that the profiler of every process on this machine uses. */
const monotonicUs = (): number => Number(process.hrtime.bigint() / 1_000n)
