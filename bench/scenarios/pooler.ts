import { execFileSync } from 'node:child_process'
import { startPgbouncer } from '@taskflow/testing/pgbouncer-server'
import { startTaskFlow } from '../processes.ts'
import type { Figures } from '../rounds.ts'
import type { Bench, Scenario } from '../scenario.ts'
import type { Store } from '../stores.ts'
import { runTogether } from './ndjson-10k.ts'
import { measureSubmits } from './submit-singles.ts'

const SESSIONS = 10

export const pooler: Scenario = {
  name: 'pooler',
  summary:
    'What a PgBouncer in transaction mode costs: single submits over 50 connections, and 10,000 tasks in one NDJSON request ' +
    'that a worker of 100 slots runs, directly and through it.',
  figures: { submit: 'requests/s', 'submit, NDJSON': 'tasks/s', run: 'tasks/s' },
  settings: () => ({ sessions: SESSIONS, pgbouncer: versionOfPgbouncer() }),
  contenders: (bench) => ({
    directly: () => measure(bench, async (store) => ({ store, async stop() {} })),
    'through PgBouncer': () => measure(bench, throughPgbouncer),
  }),
}

interface Way {
  readonly store: Store
  stop(): Promise<void>
}

async function throughPgbouncer({ url: direct = '' }: Store): Promise<Way> {
  const { url, stop } = await startPgbouncer('pgbouncer', direct, { poolSize: SESSIONS })
  return { store: { env: { TASKFLOW_DATABASE_URL: url }, url: direct }, stop }
}

const versionOfPgbouncer = (): string =>
  /PgBouncer (\S+)/.exec(execFileSync('pgbouncer', ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown'

async function measure(bench: Bench, way: (store: Store) => Promise<Way>): Promise<Figures> {
  const on = (work: (store: Store) => Promise<Figures>): Promise<Figures> =>
    bench.stores.with('PostgreSQL', async (given) => {
      const { store, stop } = await way(given)
      try {
        return await work(store)
      } finally {
        await stop()
      }
    })
  const { profileDir } = bench
  const singles = await on(async (store) =>
    measureSubmits(await startTaskFlow(store, { roles: ['api'], profileDir }), bench),
  )
  const { submit, run } = await on((store) => runTogether(store, bench))
  return { ...singles, 'submit, NDJSON': submit ?? 0, run: run ?? 0 }
}
