import { setTimeout as pause } from 'node:timers/promises'
import { cpuMsOf, familyCpuMsOf, parentOf, residentMiBOf } from '../process-usage.ts'
import { startTaskFlow } from '../processes.ts'
import type { Figures } from '../rounds.ts'
import type { Bench, Scenario } from '../scenario.ts'
import type { Engine } from '../stores.ts'

type Roles = NonNullable<Parameters<typeof startTaskFlow>[1]['roles']>

const SETTLE_SECONDS = 3

const secondsOf = ({ isQuick }: Bench): number => (isQuick ? 3 : 10)

export const idle: Scenario = {
  name: 'idle',
  summary:
    'What a process that has nothing to do takes: resident memory, its CPU time, and that of all processes of PostgreSQL.',
  figures: { memory: 'MiB', cpu: '% of a core', 'cpu of PostgreSQL': '% of a core' },
  settings: (bench) => ({ seconds: secondsOf(bench), settleSeconds: SETTLE_SECONDS }),
  contenders: (bench) => ({
    'PostgreSQL, all roles': () => measure('PostgreSQL', ['api', 'worker', 'coordinator'], bench),
    'PostgreSQL, api': () => measure('PostgreSQL', ['api'], bench),
    'PostgreSQL, worker': () => measure('PostgreSQL', ['worker'], bench),
    'PGlite, all roles': () => measure('PGlite', ['api', 'worker', 'coordinator'], bench),
  }),
}

function measure(engine: Engine, roles: Roles, bench: Bench): Promise<Figures> {
  const { stores, profileDir } = bench
  return stores.with(engine, async (store) => {
    const server = await startTaskFlow(store, { roles, profileDir })
    try {
      await pause(SETTLE_SECONDS * 1_000)
      const postmaster = store.url === undefined ? undefined : await postmasterOf(bench)
      const cpuMs = () => ({ own: cpuMsOf(server.pid), database: postmaster ? familyCpuMsOf(postmaster) : 0 })
      const [before, startedMs] = [cpuMs(), performance.now()]
      await pause(secondsOf(bench) * 1_000)
      const [after, elapsedMs] = [cpuMs(), performance.now() - startedMs]
      return {
        memory: residentMiBOf(server.pid),
        cpu: (100 * (after.own - before.own)) / elapsedMs,
        ...(postmaster && { 'cpu of PostgreSQL': (100 * (after.database - before.database)) / elapsedMs }),
      }
    } finally {
      await server.stop()
    }
  })
}

/** Undefined when the server runs on another machine, or where we may not look. */
export async function postmasterOf({ stores }: Bench): Promise<number | undefined> {
  const [row] = await stores.postgres.run(`select pid from pg_stat_activity where backend_type = 'checkpointer'`)
  try {
    return parentOf(Number(row?.pid))
  } catch {
    return undefined
  }
}
