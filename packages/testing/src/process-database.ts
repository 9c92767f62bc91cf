import type { Database } from '@taskflow/core'
import { migrator, pgliteDatabase, postgresDatabase } from '@taskflow/storage'
import { afterAll, beforeAll } from 'vitest'
import type { Engine } from './engines.ts'
import { cloneTemplate } from './postgres-template.ts'
import type { Processes } from './processes.ts'

/** Where real processes keep their tasks. */
export interface ProcessDatabase {
  /** Settings that lead a process there. */
  readonly env: Readonly<Record<string, string>>
  /** Looks into it; with PGlite no process may have it open meanwhile. */
  inspect<Result>(look: (db: Database) => Promise<Result>): Promise<Result>
}

/** An empty database, for the processes that the tests of the enclosing `describe` start. */
export function useProcessDatabase(engine: Engine, processes: Processes): ProcessDatabase {
  return engine.kind === 'pglite' ? inFolder(processes) : onServer(engine)
}

function inFolder(processes: Processes): ProcessDatabase {
  const dataDir = processes.tempFolder()
  return {
    env: { TASKFLOW_DATA_DIR: dataDir },
    async inspect(look) {
      return closing(await pgliteDatabase({ dataDir: `${dataDir}/pgdata` }), look)
    },
  }
}

function onServer(engine: Extract<Engine, { kind: 'postgres' }>): ProcessDatabase {
  let clone: Awaited<ReturnType<typeof cloneTemplate>> | undefined
  beforeAll(async () => {
    clone = await cloneTemplate(engine.serverUrl, engine.template)
  })
  afterAll(() => clone?.drop())
  const url = () => {
    if (!clone) throw new Error('The database is made before the first test: read it inside one')
    return clone.url
  }
  return {
    get env() {
      return { TASKFLOW_DATABASE_URL: url() }
    },
    inspect: (look) => closing(postgresDatabase({ url: url() }), look),
  }
}

async function closing<Result>(db: Database, look: (db: Database) => Promise<Result>): Promise<Result> {
  try {
    // A process that never came up has left nothing to look at.
    await migrator(db).up()
    return await look(db)
  } finally {
    await db.close()
  }
}
