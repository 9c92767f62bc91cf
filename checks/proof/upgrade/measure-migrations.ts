import { migrator, postgresDatabase } from '@taskflow/database'
import type { Clock } from '@taskflow/kernel'
import { allMigrations } from '@taskflow/rooms/migrations'
import { lockProbe } from './lock-probe.ts'
import { plantRows, tablesOf } from './planted-rows.ts'

interface Measured {
  readonly name: string
  readonly upMs: number
  readonly downMs: number
  /** Of a claim, a settlement and a heartbeat together, beside both. */
  readonly longestWaitMs: number
}

/** Takes each migration up, down and up again with rows of every kind in the tables, from an empty database on. */
export async function measureMigrations(url: string, copies: number, clock: Clock): Promise<Measured[]> {
  const [db, beside] = [postgresDatabase({ url }), postgresDatabase({ url })]
  const migrations = allMigrations()
  const measured: Measured[] = []
  try {
    for (const { version, name } of migrations) {
      const known = migrations.slice(0, version)
      await migrator(db, allMigrations()).down(0)
      await migrator(db, known.slice(0, -1)).up()
      await plantRows(db, copies)
      const probe = lockProbe(beside, await tablesOf(db), clock)
      const upMs = await lasting(clock, () => migrator(db, known).up())
      const downMs = await lasting(clock, () => migrator(db, known).down(version - 1))
      measured.push({ name, upMs, downMs, longestWaitMs: await probe.stop() })
    }
  } finally {
    await beside.close()
    await db.close()
  }
  return measured
}

async function lasting(clock: Clock, work: () => Promise<unknown>): Promise<number> {
  const startedMs = clock.monotonicMs()
  await work()
  return clock.monotonicMs() - startedMs
}
