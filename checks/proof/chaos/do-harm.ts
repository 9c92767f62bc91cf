import { setTimeout as pause } from 'node:timers/promises'
import { postgresDatabase } from '@taskflow/database'
import type { HalfOpenProxy } from '@taskflow/testing/half-open-proxy'
import { answersPostgres } from '@taskflow/testing/postgres-server'
import type { Violation } from '@taskflow/testing/promises'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { eventually } from '@taskflow/testing/wait'
import type { Fleet } from './fleet.ts'
import type { Harm } from './schedule.ts'
import type { Servers } from './servers.ts'

interface Deps {
  readonly servers: Servers
  readonly fleet: Pick<Fleet, 'kill' | 'stop' | 'freeze' | 'network' | 'setClock'>
  /** Receives what was observed while harm was done. */
  log(sentence: string): void
}

const BACK_MS = 60_000
// A connection that only listens for notifications is checked every few seconds.
const LEFT_MS = 30_000

/**
 * Does one harm and undoes it: restarts killed processes, frees the disk. Resolves with the promises that were broken
 * meanwhile.
 */
export async function doHarm(harm: Harm, deps: Deps): Promise<readonly Violation[]> {
  if (harm.kind === 'stop a process') return deps.fleet.stop(harm.process, harm.backAfterMs)
  if (harm.kind === 'switch the primary') return switchPrimary(deps.servers)
  await harmAndUndo(harm, deps)
  return []
}

async function harmAndUndo(
  harm: Exclude<Harm, { kind: 'stop a process' | 'switch the primary' }>,
  { servers, fleet, log }: Deps,
): Promise<void> {
  const { postgres, pooler, broker } = servers
  switch (harm.kind) {
    case 'kill a process':
      return fleet.kill(harm.process, harm.backAfterMs)
    case 'freeze a process':
      return fleet.freeze(harm.process, harm.ms)
    case 'half-open network':
      return cut(fleet.network(harm.process, harm.link), harm)
    case 'half-open pooler':
      return cut(servers.poolerNetwork, harm)
    case 'slow network': {
      const network = fleet.network(harm.process, harm.link)
      network.slow(harm.delayMs)
      await pause(harm.ms)
      return network.heal()
    }
    case 'wrong clock':
      fleet.setClock(harm.process, { ...harm, sinceMs: Date.now() })
      await pause(harm.ms)
      return fleet.setClock(harm.process, undefined)
    case 'restart PostgreSQL':
      return down(postgres.shutDown, harm.ms, postgres.start)
    case 'crash PostgreSQL':
      return down(postgres.crash, harm.ms, postgres.start)
    case 'kill PostgreSQL':
      return down(postgres.kill, harm.ms, postgres.start)
    case 'end all sessions':
      return log(`${await endSessions(postgres.url)} sessions were ended`)
    case 'fill the disk': {
      const recoveries = postgres.countRecoveries()
      postgres.disk?.fill()
      await pause(harm.ms)
      postgres.disk?.free()
      await eventually(() => answersPostgres(postgres.url).then((isUp) => isUp || postgres.start().then(() => false)), {
        timeoutMs: BACK_MS,
        what: 'PostgreSQL to answer after its disk was freed',
      })
      return log(`PostgreSQL crashed ${postgres.countRecoveries() - recoveries} times because its disk was full`)
    }
    case 'kill PgBouncer':
      return down(pooler.kill, harm.ms, pooler.start)
    case 'kill the broker':
      return down(broker.kill, harm.ms, broker.revive)
    case 'restart the broker':
      return down(broker.shutDown, harm.ms, broker.revive)
    case 'wipe the broker':
      return broker.empty()
  }
}

async function down(end: () => Promise<void>, ms: number, start: () => Promise<void>): Promise<void> {
  await end()
  await pause(ms)
  await start()
}

async function switchPrimary({ postgres, pooler }: Servers): Promise<readonly Violation[]> {
  await postgres.switchPrimary()
  await pooler.reconnect()
  try {
    await eventually(async () => (await postgres.sessionsOfFormer()).length === 0, { timeoutMs: LEFT_MS })
    return []
  } catch {
    const sessions = await postgres.sessionsOfFormer()
    const sentence = `${sessions.length} sessions are still on the former primary ${LEFT_MS / 1_000} s after the switch: ${sessions.join('; ')}`
    return [{ promise: 'recovery', sentence }]
  }
}

async function cut(
  network: HalfOpenProxy,
  { alsoNew, ms }: { readonly alsoNew: boolean; readonly ms: number },
): Promise<void> {
  network.swallow({ alsoNew })
  if (!alsoNew) return
  await pause(ms)
  network.heal()
}

async function endSessions(url: string): Promise<number> {
  const db = postgresDatabase({ url })
  try {
    const ended = await rowsOf(
      db,
      `select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
    )
    return ended.length
  } finally {
    await db.close()
  }
}
