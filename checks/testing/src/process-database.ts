import type { Database } from '@taskflow/database'
import { afterAll, beforeAll, expect } from 'vitest'
import type { Engine } from './engines.ts'
import { checkInvariants } from './invariants.ts'
import { lookIntoFolder, lookIntoServer } from './look-into.ts'
import type { Processes } from './open-processes.ts'
import { cloneTemplate } from './postgres-template.ts'

/** Where real processes keep their tasks. */
export interface ProcessDatabase {
  /** Settings that lead a process there. */
  readonly env: Readonly<Record<string, string>>
  /** Looks into it; with PGlite no process may have it open meanwhile. */
  inspect<Result>(look: (db: Database) => Promise<Result>): Promise<Result>
}

/** An empty database, for the processes that the tests of the enclosing `describe` start. The invariants are checked after them. */
export function useProcessDatabase(engine: Engine, processes: Processes): ProcessDatabase {
  return engine.kind === 'pglite' ? inFolder(processes) : onServer(engine)
}

/** `useProcesses` looks after the folders of its processes. */
function inFolder(processes: Processes): ProcessDatabase {
  const dataDir = processes.tempFolder()
  return {
    env: { TASKFLOW_DATA_DIR: dataDir },
    inspect: (look) => lookIntoFolder(dataDir, look),
  }
}

function onServer(engine: Extract<Engine, { kind: 'postgres' }>): ProcessDatabase {
  let clone: Awaited<ReturnType<typeof cloneTemplate>> | undefined
  beforeAll(async () => {
    clone = await cloneTemplate(engine.serverUrl, engine.template)
  })
  afterAll(async () => {
    const violations = clone ? await lookIntoServer(clone.url, checkInvariants) : []
    await clone?.drop()
    expect(violations, 'violated invariants').toEqual([])
  })
  const url = () => {
    if (!clone) throw new Error('The database is made before the first test: read it inside one')
    return clone.url
  }
  return {
    get env() {
      return { TASKFLOW_DATABASE_URL: url() }
    },
    inspect: (look) => lookIntoServer(url(), look),
  }
}
