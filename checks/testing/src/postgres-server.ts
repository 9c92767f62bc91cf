import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { freePort } from './free-port.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import type { ServerUser } from './server-user.ts'
import { type TempFolder, tempFolder } from './temp-folder.ts'
import { eventually } from './wait.ts'

/** A PostgreSQL that is empty at first, reachable from this machine only, and removed by stop(). */
export interface PostgresServer {
  /** Leads a superuser to the database `postgres`. */
  readonly url: string
  readonly port: number
  /** PostgreSQL's fast shutdown: it rolls back what its sessions do, and tidies up. */
  shutDown(): Promise<void>
  /** PostgreSQL's immediate shutdown: ends its sessions and does not tidy up, as in a crash. */
  crash(): Promise<void>
  /** SIGKILL to its first process; the processes of its sessions end when they notice. */
  kill(): Promise<void>
  /** Starts it again at the same address; does nothing while it runs. */
  start(): Promise<void>
  /** How often it has recovered from a crash, whatever caused it. */
  countRecoveries(): number
  /**
   * Starts a hot standby that follows this server by streaming; stop it before this one.
   *
   * @param dataIn the folder for its data, as for `startPostgres`
   */
  startReplica(dataIn?: string): Promise<PostgresServer>
  stop(): Promise<void>
}

// Durability is PostgreSQL's promise and not under test. Settings that change what statements see keep their defaults.
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  max_connections: '200',
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '128MB',
  log_min_messages: 'warning',
}

/** For servers that are to survive crash(). */
export const DURABLE_SETTINGS = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' } as const

type ServerSettings = Readonly<Record<string, string>>

// PostgreSQL logs this at the beginning of each recovery.
const RECOVERS = 'automatic recovery in progress'

// A port that was free a moment ago may be taken by now.
const START_ATTEMPTS = 3
// The sessions of a server that was killed have ended by then: each first ends its statement.
const AGAIN_WITHIN_MS = 30_000

/**
 * @param settings override those for tests, for example `fsync`
 * @param dataIn the folder for its data, which its user can write to and which outlives it; a folder of its own where
 * absent
 */
export async function startPostgres(
  binaries: PostgresBinaries,
  user: ServerUser,
  settings: ServerSettings = {},
  dataIn?: string,
): Promise<PostgresServer> {
  const fill = (as: RunAs, data: string): void => {
    const initdb = ['--pgdata', data, '--username=taskflow', '--auth=trust', '--encoding=UTF8']
    execFileSync(join(binaries.binDir, 'initdb'), [...initdb, '--no-locale', '--no-sync'], { ...as, stdio: 'pipe' })
  }
  return startFilled({ binaries, user, settings: { ...SETTINGS, ...settings }, dataIn }, fill)
}

/** The user and the folder that the server's programs run with. */
interface RunAs {
  readonly uid?: number
  readonly gid?: number
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

interface Make {
  readonly binaries: PostgresBinaries
  readonly user: ServerUser
  readonly settings: ServerSettings
  readonly dataIn: string | undefined
}

async function startFilled(make: Make, fill: (as: RunAs, data: string) => void): Promise<PostgresServer> {
  const { user, dataIn } = make
  const folder = tempFolder('postgres', user)
  const data = join(dataIn ?? folder.path, 'data')
  try {
    const as = { ...user, cwd: folder.path, env: { PATH: process.env.PATH, HOME: folder.path } }
    execFileSync('mkdir', [join(folder.path, 's')], as)
    fill(as, data)
    for (let attempt = 1; ; attempt++) {
      try {
        return await startOn(await freePort(), { ...make, folder, data })
      } catch (error) {
        if (attempt === START_ATTEMPTS)
          throw new Error(`it did not start: ${(error as Error).message}`, { cause: error })
      }
    }
  } catch (error) {
    folder.remove()
    throw error
  }
}

interface Filled extends Make {
  readonly data: string
  readonly folder: TempFolder
}

async function startOn(port: number, filled: Filled): Promise<PostgresServer> {
  const { binaries, user, settings, folder, data } = filled
  const url = `postgres://taskflow@127.0.0.1:${port}/postgres`
  const all = { ...settings, port: String(port), unix_socket_directories: join(folder.path, 's') }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  let server: ServerProcess | undefined

  const startOnce = (): Promise<ServerProcess> =>
    startServerProcess({
      program: join(binaries.binDir, 'postgres'),
      args: ['-D', data, ...flags],
      user,
      folder: folder.path,
      isReady: () => answersPostgres(url),
    })
  const startAgain = async (): Promise<void> => {
    if (server && !server.hasEnded) return
    let failure: unknown
    const startOrKeep = (): Promise<ServerProcess | undefined> =>
      startOnce().catch((error: unknown) => {
        failure = error
        return undefined
      })
    const bound = { timeoutMs: AGAIN_WITHIN_MS, what: 'PostgreSQL to start again' }
    server = await eventually(startOrKeep, bound).catch((error: Error) => {
      throw new Error(error.message, { cause: failure })
    })
  }
  const endBy = (signal: NodeJS.Signals) => async (): Promise<void> => {
    await server?.kill(signal)
    server = undefined
  }
  const crash = endBy('SIGQUIT')

  server = await startOnce()
  return {
    url,
    port,
    start: startAgain,
    shutDown: endBy('SIGINT'),
    crash,
    kill: endBy('SIGKILL'),
    countRecoveries: () => readFileSync(join(folder.path, 'server.log'), 'utf8').split(RECOVERS).length - 1,
    startReplica: (dataIn) =>
      startFilled({ ...filled, dataIn }, (as, data) => {
        const from = ['--host=127.0.0.1', `--port=${port}`, '--username=taskflow']
        const how = ['--write-recovery-conf', '--checkpoint=fast', '--wal-method=stream']
        execFileSync(join(binaries.binDir, 'pg_basebackup'), [...from, ...how, `--pgdata=${data}`], {
          ...as,
          stdio: 'pipe',
        })
      }),
    async stop() {
      await crash()
      folder.remove()
    },
  }
}

export async function answersPostgres(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  // Without a listener a connection that breaks would end the process.
  client.on('error', () => {})
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}
