import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { Client } from 'pg'
import { freePort } from './free-port.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { type ServerProcess, serverFolder, startServerProcess } from './server-process.ts'
import type { ServerUser } from './server-user.ts'

/** A server of our own: empty, reachable from this machine only, gone without trace after stop(). */
export interface PostgresServer {
  /** Of a superuser in the database `postgres`. */
  readonly url: string
  readonly port: number
  /** PostgreSQL's immediate shutdown: as a crash, it ends its sessions and does not tidy up. */
  crash(): Promise<void>
  /** Starts it again at the same address. */
  start(): Promise<void>
  /** A hot standby that follows this server by streaming; it is to be stopped before this one. */
  startReplica(): Promise<PostgresServer>
  stop(): Promise<void>
}

// Durability is PostgreSQL's promise and not under test; everything that changes what statements see is left as it is.
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

// A port that was free a moment ago may be taken by now.
const START_ATTEMPTS = 3

/** @param settings of the server, beside and before those for tests; `fsync` on, say */
export async function startPostgres(
  binaries: PostgresBinaries,
  user: ServerUser,
  settings: ServerSettings = {},
): Promise<PostgresServer> {
  return startFilled(binaries, user, { ...SETTINGS, ...settings }, (as, data) => {
    const initdb = ['--pgdata', data, '--username=taskflow', '--auth=trust', '--encoding=UTF8']
    execFileSync(join(binaries.binDir, 'initdb'), [...initdb, '--no-locale', '--no-sync'], { ...as, stdio: 'pipe' })
  })
}

/** As whom, and where, the server's programs are run. */
interface RunAs {
  readonly uid?: number
  readonly gid?: number
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

async function startFilled(
  binaries: PostgresBinaries,
  user: ServerUser,
  settings: ServerSettings,
  fill: (as: RunAs, data: string) => void,
): Promise<PostgresServer> {
  const folder = serverFolder('postgres', user)
  const data = join(folder.path, 'data')
  try {
    const as = { ...user, cwd: folder.path, env: { PATH: process.env.PATH, HOME: folder.path } }
    execFileSync('mkdir', [join(folder.path, 's')], as)
    fill(as, data)
    for (let attempt = 1; ; attempt++) {
      try {
        return await startOn(await freePort(), { binaries, user, settings, folder })
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

interface Filled {
  readonly binaries: PostgresBinaries
  readonly user: ServerUser
  readonly settings: ServerSettings
  readonly folder: ReturnType<typeof serverFolder>
}

async function startOn(port: number, { binaries, user, settings, folder }: Filled): Promise<PostgresServer> {
  const url = `postgres://taskflow@127.0.0.1:${port}/postgres`
  const all = { ...settings, port: String(port), unix_socket_directories: join(folder.path, 's') }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  let server: ServerProcess | undefined

  const start = async (): Promise<void> => {
    server ??= await startServerProcess({
      program: join(binaries.binDir, 'postgres'),
      args: ['-D', join(folder.path, 'data'), ...flags],
      user,
      folder: folder.path,
      isReady: () => answersPostgres(url),
    })
  }
  const crash = async (): Promise<void> => {
    await server?.kill('SIGQUIT')
    server = undefined
  }

  await start()
  return {
    url,
    port,
    start,
    crash,
    startReplica: () =>
      startFilled(binaries, user, settings, (as, data) => {
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
