import { migrator, postgresDatabase } from '@taskflow/database'
import { allMigrations } from '@taskflow/rooms/migrations'
import { tablesOf } from '@taskflow/testing/tables'
import { lockProbe } from './lock-probe.ts'
import { plantRows } from './planted-rows.ts'

interface Measured {
  readonly name: string
  readonly upMs: number
  readonly downMs: number
  /** How long a claim, a settlement and a heartbeat together waited at worst while it went up or down. */
  readonly longestWaitMs: number
}

/** Takes each migration up and down, with rows of every kind in the tables, beginning with an empty database. */
export async function measureMigrations(url: string, copies: number): Promise<Measured[]> {
  const [db, beside] = [postgresDatabase({ url }), postgresDatabase({ url })]
  const migrations = allMigrations()
  const measured: Measured[] = []
  try {
    for (const { version, name } of migrations) {
      const known = migrations.slice(0, version)
      await migrator(db, allMigrations()).down(0)
      await migrator(db, known.slice(0, -1)).up()
      await plantRows(db, copies)
      const probe = lockProbe(beside, await tablesOf(db))
      const upMs = await lasting(() => migrator(db, known).up())
      const downMs = await lasting(() => migrator(db, known).down(version - 1))
      measured.push({ name, upMs, downMs, longestWaitMs: await probe.stop() })
    }
  } finally {
    await beside.close()
    await db.close()
  }
  return measured
}

async function lasting(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return performance.now() - startedMs
}
