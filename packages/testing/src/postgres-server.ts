import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdirSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { freePort } from './free-port.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { removeFolder } from './remove-folder.ts'
import { type ServerUser, sharedTempFolder } from './server-user.ts'
import { eventually } from './wait.ts'

/** A server of our own: empty, reachable from this machine only, gone without trace after stop(). */
export interface PostgresServer {
  /** Of a superuser in the database `postgres`. */
  readonly url: string
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

type ServerSettings = Readonly<Record<string, string>>

// A port that was free a moment ago may be taken by now.
const START_ATTEMPTS = 3

/** @param settings of the server, beside and before those for tests; `fsync` on, say */
export async function startPostgres(
  binaries: PostgresBinaries,
  user: ServerUser,
  settings: ServerSettings = {},
): Promise<PostgresServer> {
  const folder = mkdtempSync(join(sharedTempFolder(user), 'taskflow-postgres-'))
  if (user) chownSync(folder, user.uid, user.gid)
  const remove = () => removeFolder(folder)
  try {
    const as = { ...user, cwd: folder, env: { PATH: process.env.PATH, HOME: folder } }
    const initdb = ['--pgdata', join(folder, 'data'), '--username=taskflow', '--auth=trust', '--encoding=UTF8']
    execFileSync(join(binaries.binDir, 'initdb'), [...initdb, '--no-locale', '--no-sync'], { ...as, stdio: 'pipe' })
    return await startWithRetries(binaries, folder, as, remove, { ...SETTINGS, ...settings })
  } catch (error) {
    remove()
    throw error
  }
}

interface SpawnAs {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly uid?: number
  readonly gid?: number
}

async function startWithRetries(
  binaries: PostgresBinaries,
  folder: string,
  as: SpawnAs,
  remove: () => void,
  settings: ServerSettings,
): Promise<PostgresServer> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const logFile = join(folder, `server-${attempt}.log`)
    const server = spawnServer(binaries, folder, logFile, as, { ...settings, port: String(port) })
    // Whatever way this process ends, short of SIGKILL, its server and folder go with it.
    const abandon = () => {
      server.kill('SIGQUIT')
      remove()
    }
    process.once('exit', abandon)
    const url = `postgres://taskflow@127.0.0.1:${port}/postgres`
    try {
      await untilReady(server, url)
      return {
        url,
        async stop() {
          await kill(server)
          process.off('exit', abandon)
          remove()
        },
      }
    } catch (cause) {
      await kill(server)
      process.off('exit', abandon)
      if (attempt === START_ATTEMPTS)
        throw new Error(`it did not start: ${readFileSync(logFile, 'utf8').trim()}`, { cause })
    }
  }
}

function spawnServer(
  { binDir }: PostgresBinaries,
  folder: string,
  logFile: string,
  as: SpawnAs,
  settings: ServerSettings,
): ChildProcess {
  const sockets = join(folder, 's')
  mkdirSync(sockets, { recursive: true })
  if (as.uid !== undefined && as.gid !== undefined) chownSync(sockets, as.uid, as.gid)
  const log = openSync(logFile, 'w')
  const flags = Object.entries({ ...settings, unix_socket_directories: sockets }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  return spawn(join(binDir, 'postgres'), ['-D', join(folder, 'data'), ...flags], { ...as, stdio: ['ignore', log, log] })
}

async function untilReady(server: ChildProcess, url: string): Promise<void> {
  await eventually(
    async () => {
      if (server.exitCode !== null) return true
      const client = new Client({ connectionString: url })
      // Without a listener a connection that breaks would end the process.
      client.on('error', () => {})
      try {
        await client.connect()
        await client.end()
        return true
      } catch {
        return false
      }
    },
    { timeoutMs: 30_000, what: 'the server to accept connections' },
  )
  if (server.exitCode !== null) throw new Error(`It ended with code ${server.exitCode}`)
}

// PostgreSQL's immediate shutdown: it ends its sessions and does not tidy up, which nobody needs.
async function kill(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const ended = once(server, 'exit')
  server.kill('SIGQUIT')
  await ended
}
