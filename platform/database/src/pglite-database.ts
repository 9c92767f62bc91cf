import { existsSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { PGliteInterface, Transaction as PGliteTransaction, Results } from '@electric-sql/pglite'
import type { Database, Statement } from './database.ts'
import { translateDatabaseError } from './database-error.ts'
import { PLAN_SETTINGS } from './plan-settings.ts'

export interface PGliteSettings {
  /** Data folder; absent to keep the data in memory. Only one process may open it at a time. */
  readonly dataDir?: string
  /** Contents of a new data folder, as returned by `dumpDataDir`. Defaults to a pre-built empty database. */
  readonly loadDataDir?: Blob | File
}

/**
 * Opens a PostgreSQL inside this process (PGlite). PGlite has one connection and runs statements and transactions one
 * after the other; lanes have no effect.
 *
 * Committed data survives the end of the process, including SIGKILL. It may not survive a crash of the machine, because
 * the file system of WebAssembly has no fsync.
 */
export async function pgliteDatabase({ dataDir, loadDataDir }: PGliteSettings = {}): Promise<Database> {
  // Loaded on demand: a process that connects to a server never needs PGlite.
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

// Initialising a data folder takes seconds; unpacking a pre-built one takes half a second.
async function emptyDataDir(dataDir: string | undefined): Promise<Blob | undefined> {
  if (dataDir !== undefined && existsSync(`${dataDir}/PG_VERSION`)) return undefined
  const { dataDir: prebuilt } = await import('@electric-sql/pglite-prepopulatedfs')
  return prebuilt()
}

function rethrow(error: unknown): never {
  throw translateDatabaseError(error)
}

/** Wraps a PGlite that the caller opened. Closing the database closes the PGlite too. */
export function databaseOn(pglite: PGliteInterface): Database {
  async function run<Params extends readonly unknown[], Row>(
    on: PGliteInterface | PGliteTransaction,
    { name, text, columns, notifies = [] }: Statement<Params, Row>,
    params: Params,
  ): Promise<Row[]> {
    const answer = (await on.query<Row>(text, [...params]).catch(rethrow)) as Results<Row> | undefined
    // A statement that ended in the middle, for example because its stack overflowed, may look like one without rows.
    if (!answer || (columns.length + notifies.length > 0 && answer.fields.length === 0))
      throw new Error(`The embedded database answered the statement ${name} with neither rows nor an error`)
    const { rows } = answer
    // PGlite runs on this thread. Without a turn of the event loop between two statements, no request would be read and
    // no batch would gather.
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
