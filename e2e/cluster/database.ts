import type { Database } from '@taskflow/core'
import { postgresDatabase } from '@taskflow/storage'
import { DURABLE_SETTINGS, machineBinaries, type PostgresServer, serverUser, startPostgres } from '@taskflow/testing'

/** A durable PostgreSQL of one's own, for tests that crash it or cut it off. */
export async function startDurablePostgres(): Promise<PostgresServer> {
  const binaries = machineBinaries(serverUser())
  if (!binaries) throw new Error('A cluster needs a PostgreSQL server, and this machine has none')
  return startPostgres(binaries, serverUser(), DURABLE_SETTINGS)
}

/** Looks into the database of a server directly, whatever stands between it and the processes. */
export async function inspect<Result>(
  { url }: PostgresServer,
  look: (db: Database) => Promise<Result>,
): Promise<Result> {
  const db = postgresDatabase({ url })
  try {
    return await look(db)
  } finally {
    await db.close()
  }
}

/** The same address at another port: of a proxy, say. */
export const urlAt = (url: string, port: number): string => Object.assign(new URL(url), { port: String(port) }).href
