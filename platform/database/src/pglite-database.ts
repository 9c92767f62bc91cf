import { existsSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { PGliteInterface, Transaction as PGliteTransaction } from '@electric-sql/pglite'
import type { Database, Statement } from './database.ts'
import { translateDatabaseError } from './database-error.ts'
import { PLAN_SETTINGS } from './plan-settings.ts'

export interface PGliteSettings {
  /** Folder of the data; absent for memory. Only one process may have it open. */
  readonly dataDir?: string
  /** Contents of a new data folder, as `dumpDataDir` gives them; a pre-built empty one by default. */
  readonly loadDataDir?: Blob | File
}

/**
 * PostgreSQL inside this process (PGlite). One connection, so PGlite itself puts
 * statements and transactions one after the other; the lanes of statements mean nothing here.
 *
 * What it has committed survives the death of the process, also by SIGKILL. It does
 * not survive the death of the machine: WebAssembly's file system has no fsync.
 */
export async function pgliteDatabase({ dataDir, loadDataDir }: PGliteSettings = {}): Promise<Database> {
  // A process over a server never needs the engine.
  const { PGlite, types } = await import('@electric-sql/pglite')
  const contents = loadDataDir ?? (await emptyDataDir(dataDir))
  const pglite = await PGlite.create({
    ...(dataDir !== undefined && { dataDir }),
    ...(contents !== undefined && { loadDataDir: contents }),
    parsers: { [types.JSON]: (text: string) => text, [types.INT8]: Number },
  })
  await pglite.exec(
    Object.entries(PLAN_SETTINGS)
      .map(([name, value]) => `set ${name} = ${value}`)
      .join(';'),
  )
  return databaseOn(pglite)
}

/** Building a data folder takes seconds; unpacking a built one takes half a second. */
async function emptyDataDir(dataDir: string | undefined): Promise<Blob | undefined> {
  if (dataDir !== undefined && existsSync(`${dataDir}/PG_VERSION`)) return undefined
  const { dataDir: prebuilt } = await import('@electric-sql/pglite-prepopulatedfs')
  return prebuilt()
}

function rethrow(error: unknown): never {
  throw translateDatabaseError(error)
}

/** A Database over a PGlite that the caller opened; closing it closes that. */
export function databaseOn(pglite: PGliteInterface): Database {
  async function run<Params extends readonly unknown[], Row>(
    on: PGliteInterface | PGliteTransaction,
    { text }: Statement<Params, Row>,
    params: Params,
  ): Promise<Row[]> {
    const { rows } = await on.query<Row>(text, [...params]).catch(rethrow)
    // PGlite computes on this very thread. Without a turn of its loop between two statements no request
    // is read meanwhile, and nothing gathers for the next batch.
    await nextTurn()
    return rows
  }

  return {
    engine: 'pglite',
    run: (statement, params) => run(pglite, statement, params),
    transaction: (work) =>
      pglite
        .transaction((tx) =>
          work({
            run: (statement, params) => run(tx, statement, params),
            async script(text) {
              await tx.exec(text)
            },
          }),
        )
        .catch(rethrow) as ReturnType<typeof work>,
    listen: (channel, listener) => pglite.listen(channel, listener).catch(rethrow),
    async close() {
      if (!pglite.closed) await pglite.close()
    },
  }
}
