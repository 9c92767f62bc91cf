import type { Database } from '@taskflow/database'
import { migrator, pgliteDatabase, postgresDatabase } from '@taskflow/database'
import { allMigrations } from '@taskflow/rooms/migrations'

type Look<Result> = (db: Database) => Promise<Result>

/** Looks into the database of a server, also while others use it. */
export const lookIntoServer = <Result>(url: string, look: Look<Result>): Promise<Result> =>
  closing(postgresDatabase({ url }), look)

/** Looks into the data folder of a process that has ended. */
export async function lookIntoFolder<Result>(dataDir: string, look: Look<Result>): Promise<Result> {
  return closing(await pgliteDatabase({ dataDir: `${dataDir}/pgdata` }), async (db) => {
    // A process that never came up has left nothing to look at.
    await migrator(db, allMigrations()).up()
    return look(db)
  })
}

async function closing<Result>(db: Database, look: Look<Result>): Promise<Result> {
  try {
    return await look(db)
  } finally {
    await db.close()
  }
}
