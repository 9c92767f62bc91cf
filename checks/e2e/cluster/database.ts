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

/** A durable PostgreSQL of one's own, for tests that crash it or cut it off. The invariants are checked when it is stopped. */
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

/** Looks into the database of a server directly, whatever stands between it and the processes. */
export const inspect = <Result>({ url }: PostgresServer, look: (db: Database) => Promise<Result>): Promise<Result> =>
  lookIntoServer(url, look)

/** The same address at another port: of a proxy, say. */
export const urlAt = (url: string, port: number): string => Object.assign(new URL(url), { port: String(port) }).href
