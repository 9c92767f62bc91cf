import type { Client } from 'pg'
import { askWorkers } from '../ask-workers.ts'
import { between, type CpuProfile } from './cpu-profile.ts'
import { leaveToTheDead, submitInBulk, submitSingly, untilNone } from './loads.ts'
import { type ProfiledServer, type Role, startProfiled, TOKEN } from './profiled-server.ts'

/** Where and how much; `tell` says what goes on. */
export interface Scene {
  readonly databaseUrl: string
  readonly db: Client
  /** Tasks. */
  readonly amount: number
  tell(sentence: string): void
}

/** Each process under the load that it is there for. Resolves with the profile of each of its threads during that load. */
export const PROFILE_OF: { readonly [Each in Role]: (scene: Scene) => Promise<ReadonlyMap<string, CpuProfile>> } = {
  /** `POST /v1/tasks` over fifty connections. */
  async api({ databaseUrl, amount, tell }) {
    const api = await startProfiled({ roles: ['api'], databaseUrl, isProfiled: true })
    // What is compiled only when it is hot is to be hot.
    await submitSingly(api.url, Math.ceil(amount / 10))
    tell(`Submitting ${amount} tasks, each in a request of its own`)
    return during(api, () => submitSingly(api.url, amount))
  },

  /** A backlog of tasks that do nothing, run by 100 slots. */
  async worker({ databaseUrl, db, amount, tell }) {
    return withApi(databaseUrl, async (url) => {
      const worker = await startProfiled({ roles: ['worker'], databaseUrl, isProfiled: true })
      // Else it would have begun, and of a few tasks be done, before the profile begins.
      await askWorkers(url, TOKEN, 'cordon')
      tell(`Submitting ${amount} tasks while the worker is cordoned`)
      await submitInBulk(url, amount)
      tell('Working them off')
      return during(worker, async () => {
        await askWorkers(url, TOKEN, 'uncordon')
        await untilNone(db, ['queued', 'running'])
      })
    })
  },

  /** Tasks that fall due, tasks that expire, and tasks in the hands of a dead worker, before a line of others. */
  async coordinator({ databaseUrl, db, amount, tell }) {
    const spreadMs = amount / 2
    tell(`Submitting ${amount} tasks: six of ten fall due, two expire, one was left by a dead worker, one waits`)
    await withApi(databaseUrl, (url) =>
      submitInBulk(url, amount, (index) => {
        const kind = index % 10
        const inMs = 1_000 + Math.round((index / amount) * spreadMs)
        if (kind < 6) return { delayMs: inMs }
        if (kind < 8) return { queue: `queue-${index % 50}`, timeouts: { scheduleToStartMs: inMs } }
        return { type: kind === 8 ? 'bench.left' : 'bench.waits' }
      }),
    )
    await leaveToTheDead(db, 'bench.left')
    tell('Leading')
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

/** The profiles without the start and the stop, which take longer than a short load. */
async function during(server: ProfiledServer, work: () => Promise<void>): Promise<ReadonlyMap<string, CpuProfile>> {
  const fromUs = monotonicUs()
  await work()
  const toUs = monotonicUs()
  const profiles = await server.stop()
  return new Map([...profiles].map(([thread, profile]) => [thread, between(profile, fromUs, toUs)]))
}

/** By the clock that the profiler of another process on this machine uses as well. */
const monotonicUs = (): number => Number(process.hrtime.bigint() / 1_000n)
