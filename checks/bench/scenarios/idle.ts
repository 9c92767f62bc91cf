import { setTimeout as pause } from 'node:timers/promises'
import { cpuMsOf, familyCpuMsOf, parentOf, residentMiBOf } from '@taskflow/testing/measuring/process-usage'
import type { Role } from '@taskflow/testing/start-taskflow'
import { type Server, startTaskFlow } from '../processes.ts'
import type { Figures } from '../rounds.ts'
import { type Bench, type Scenario, sized } from '../scenario.ts'
import type { Engine, Store } from '../stores.ts'

const WHOLE = 'api, worker, coordinator and PostgreSQL'
// V8 collects garbage for some twenty seconds after a start, during which a process looks busy.
const SETTLE_MS = 20_000

const forMsOf = (bench: Bench): number => sized(bench, 30_000, 3_000, 200)
const settleMsOf = (bench: Bench): number => sized(bench, SETTLE_MS, 3_000, 0)

export const idle: Scenario = {
  name: 'idle',
  rows: ['I', 'J'],
  // Nothing is compared with a peer here, and work that recurs every second occurs thirty times in half a minute.
  mostRounds: 1,
  title: 'Idle processes',
  summary:
    'The resident memory of processes that have nothing to do, and the CPU time of the whole idle system, ' +
    'including all processes of its PostgreSQL.',
  figures: {
    'memory of the api': 'MiB',
    'memory of the worker': 'MiB',
    'memory of the coordinator': 'MiB',
    'memory in all': 'MiB',
    cpu: '% of a core',
    'cpu of PostgreSQL': '% of a core',
    'cpu in all': '% of a core',
  },
  plotted: ['memory in all', 'cpu in all'],
  settings: (bench) => ({ measuredMs: forMsOf(bench), settleMs: settleMsOf(bench) }),
  contenders: (bench) => ({
    [WHOLE]: () => measure(bench, 'PostgreSQL', [['api'], ['worker'], ['coordinator']]),
    ...(!bench.isQuick && {
      'all roles on PGlite': () => measure(bench, 'PGlite', [['api', 'worker', 'coordinator']]),
    }),
  }),
  targets: [
    ...(['api', 'worker'] as const).map((role) => ({
      row: 'I',
      measure: `memory of an idle ${role} process, MiB`,
      figure: `memory of the ${role}`,
      of: WHOLE,
      atMost: 110,
    })),
    { row: 'J', measure: 'CPU of an idle system, % of a core', figure: 'cpu in all', of: WHOLE, atMost: 1 },
  ],
}

function measure(bench: Bench, engine: Engine, processes: readonly (readonly Role[])[]): Promise<Figures> {
  const { stores, profileDir } = bench
  return stores.with(engine, async (store) => {
    const servers: Server[] = []
    try {
      for (const roles of processes) servers.push(await startTaskFlow(store.env, { roles, profileDir }))
      await pause(settleMsOf(bench))
      return await usageOf(bench, processes, servers, store)
    } finally {
      await Promise.all(servers.map((server) => server.stop()))
    }
  })
}

async function usageOf(
  bench: Bench,
  processes: readonly (readonly Role[])[],
  servers: readonly Server[],
  store: Store,
): Promise<Figures> {
  const postmaster = store.url === undefined ? undefined : await postmasterOf(bench)
  const cpuMs = () => ({
    own: servers.reduce((sum, { pid }) => sum + cpuMsOf(pid), 0),
    database: postmaster ? familyCpuMsOf(postmaster) : 0,
  })
  const [before, startedMs] = [cpuMs(), performance.now()]
  await pause(forMsOf(bench))
  const [after, elapsedMs] = [cpuMs(), performance.now() - startedMs]
  const [cpu, ofPostgres] = [after.own - before.own, after.database - before.database].map(
    (ms) => (100 * ms) / elapsedMs,
  ) as [number, number]
  const memory = servers.map(({ pid }) => residentMiBOf(pid))
  return {
    ...(servers.length > 1 &&
      Object.fromEntries(memory.map((each, index) => [`memory of the ${processes[index]}`, each]))),
    'memory in all': memory.reduce((sum, each) => sum + each, 0),
    cpu,
    ...(postmaster && { 'cpu of PostgreSQL': ofPostgres }),
    'cpu in all': cpu + ofPostgres,
  }
}

/** Undefined when the server runs on another machine, or where /proc cannot be read. */
export async function postmasterOf({ stores }: Bench): Promise<number | undefined> {
  const [row] = await stores.postgres.run(`select pid from pg_stat_activity where backend_type = 'checkpointer'`)
  try {
    return parentOf(Number(row?.pid))
  } catch {
    return undefined
  }
}
