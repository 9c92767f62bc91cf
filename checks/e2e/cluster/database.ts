import type { Database } from '@taskflow/database'
import {
  checkInvariants,
  DURABLE_SETTINGS,
  machineBinaries,
  type PostgresServer,
  serverUser,
  startPostgres,
} from '@taskflow/testing'
import { lookIntoServer } from '@taskflow/testing/look-into'
import { expect } from 'vitest'

/** Starts a durable PostgreSQL for tests that crash it or cut it off. Its stop checks the invariants. */
export async function startDurablePostgres(): Promise<PostgresServer> {
  const binaries = machineBinaries(serverUser())
  if (!binaries) throw new Error('A cluster needs a PostgreSQL server, and this machine has none')
  const server = await startPostgres(binaries, serverUser(), DURABLE_SETTINGS)
  return {
    ...server,
    async stop() {
      try {
        expect(await lookIntoServer(server.url, checkInvariants), 'violated invariants').toEqual([])
      } finally {
        await server.stop()
      }
    },
  }
}

/** Looks into the database directly, whatever stands between the server and the processes. */
export const inspect = <Result>({ url }: PostgresServer, look: (db: Database) => Promise<Result>): Promise<Result> =>
  lookIntoServer(url, look)
