import { loadavg } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { coreTimes } from '@taskflow/testing/measuring/machine'
import { nowMs } from '@taskflow/testing/measuring/machine-clock'
import { cpuMsOf, familyCpuMsOf, parentOf, residentMiBOf } from '@taskflow/testing/measuring/process-usage'
import { ROLES, type Role } from '@taskflow/testing/start-taskflow'
import type { Client } from 'pg'
import {
  type DatabaseFigures,
  databaseFigures,
  filesOf,
  ownMiBOfPostgres,
  type ProcessFigures,
  processFigures,
} from './figures.ts'
import type { StartSeen } from './notes.ts'
import { type Spread, spreadOf } from './spread.ts'
import type { Calls } from './steady-load.ts'
import type { SystemProcess } from './system.ts'

export interface Sample {
  /** The time since the load began. */
  readonly atSeconds: number
  /** The use of all cores in percent; `others` is the part of processes outside the run. */
  readonly machine: { readonly busy: number; readonly others: number; readonly load: number }
  readonly processes: Readonly<Record<Role, ProcessFigures>>
  /** Percent of one core. */
  readonly cpu: Readonly<Record<Role | 'postgres' | 'caller', number>>
  readonly postgres: DatabaseFigures & { readonly ownMiB: number; readonly walMiBPerSecond: number }
  readonly caller: { readonly residentMiB: number; readonly files: number; readonly loopLagP99Ms: number }
  readonly submits: Spread & { readonly failures: number; readonly inFlight: number }
  /** The time from the call to the start of the handler, of tasks without a delay. */
  readonly pickups: Spread
  /** The time from the due time to the start of the handler, of delayed tasks. */
  readonly late: Spread
}

interface Deps {
  readonly client: Client
  readonly system: readonly SystemProcess[]
  takeCalls(): Calls
  readStarts(): StartSeen[]
}

const LOOP_SAMPLE_MS = 20

/** Returns a sampler. Each sample covers the time since the one before. */
export async function sampler({ client, system, takeCalls, readStarts }: Deps): Promise<{ sample(): Promise<Sample> }> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const postmaster = parentOf(rows[0]?.pid ?? 0)
  const loop = monitorEventLoopDelay({ resolution: LOOP_SAMPLE_MS })
  loop.enable()
  const byRole = new Map(system.map((each) => [each.role, each]))
  const startedMs = nowMs()
  let last = { atMs: startedMs, cores: coreTimes(), cpuMs: cpuMs(), walMiB: (await databaseFigures(client)).walMiB }

  function cpuMs(): Record<Role | 'postgres' | 'caller', number> {
    const own = ROLES.map((role) => [role, familyCpuMsOf(processOf(role).process.pid)] as const)
    return {
      ...(Object.fromEntries(own) as Record<Role, number>),
      postgres: familyCpuMsOf(postmaster),
      caller: cpuMsOf(process.pid),
    }
  }

  function processOf(role: Role): SystemProcess {
    const found = byRole.get(role)
    if (!found) throw new Error(`No process of role ${role} runs`)
    return found
  }

  return {
    async sample() {
      const now = { atMs: nowMs(), cores: coreTimes(), cpuMs: cpuMs() }
      const passedMs = now.atMs - last.atMs
      const calls = takeCalls()
      const starts = readStarts().filter(({ isFirst }) => isFirst)
      const loopLagP99Ms = loop.percentile(99) / 1e6 - LOOP_SAMPLE_MS
      loop.reset()
      const processes = await Promise.all(
        ROLES.map(async (role) => [role, await processFigures(processOf(role))] as const),
      )
      const database = await databaseFigures(client)
      const cpu = Object.fromEntries(
        Object.entries(now.cpuMs).map(([name, ms]) => [name, (100 * (ms - last.cpuMs[name as Role])) / passedMs]),
      ) as Sample['cpu']
      const total = now.cores.total - last.cores.total
      const busy = (100 * (now.cores.busy - last.cores.busy)) / total
      const oursMs = Object.entries(now.cpuMs).reduce((sum, [name, ms]) => sum + ms - last.cpuMs[name as Role], 0)
      const sample: Sample = {
        atSeconds: (now.atMs - startedMs) / 1_000,
        machine: { busy, others: Math.max(0, busy - (100 * oursMs) / total), load: loadavg()[0] ?? 0 },
        processes: Object.fromEntries(processes) as Sample['processes'],
        cpu,
        postgres: {
          ...database,
          ownMiB: ownMiBOfPostgres(postmaster),
          walMiBPerSecond: (1_000 * (database.walMiB - last.walMiB)) / passedMs,
        },
        caller: { residentMiB: residentMiBOf(process.pid), files: filesOf(process.pid), loopLagP99Ms },
        submits: { ...spreadOf(calls.latenciesMs), failures: calls.failures, inFlight: calls.inFlight },
        pickups: spreadOf(starts.filter(({ isDelayed }) => !isDelayed).map(({ lateMs }) => lateMs)),
        late: spreadOf(starts.filter(({ isDelayed }) => isDelayed).map(({ lateMs }) => lateMs)),
      }
      last = { ...now, walMiB: database.walMiB }
      return sample
    },
  }
}
