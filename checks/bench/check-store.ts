import { existsSync } from 'node:fs'
import type { Database } from '@taskflow/database'
import { statement } from '@taskflow/database'
import { checkInvariants } from '@taskflow/testing/invariants'
import { lookIntoFolder, lookIntoServer } from '@taskflow/testing/look-into'

/**
 * A figure of a system that lost or doubled a task is worth nothing, so each store of ours is looked at before it goes. Of one that
 * was filled beforehand, with rows enough to take minutes, only what was submitted since.
 */
export const checkServer = (url: string, createdSince?: Date): Promise<void> =>
  lookIntoServer(url, async (db) => {
    if (await isOurs(db)) await check(db, createdSince)
  })

export async function checkFolder(dataDir: string): Promise<void> {
  if (existsSync(`${dataDir}/pgdata`)) await lookIntoFolder(dataDir, check)
}

async function check(db: Database, createdSince?: Date): Promise<void> {
  const violations = await checkInvariants(db, createdSince ? { createdSince } : {})
  if (violations.length > 0) throw new Error(`The store breaks invariants: ${violations.slice(0, 5).join('; ')}`)
}

const findLedger = statement<readonly [], { is_ours: boolean }>({
  name: 'bench_find_ledger',
  columns: ['is_ours'],
  text: `select to_regclass('schema_migration') is not null as is_ours`,
})

async function isOurs(db: Database): Promise<boolean> {
  const [found] = await db.run(findLedger, [])
  return found?.is_ours ?? false
}
