import { chownSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { answers, type ServerProcess, serverFolder, startServerProcess } from './server-process.ts'
import { serverUser } from './server-user.ts'

/** A PgBouncer of one's own on 127.0.0.1, in transaction mode. */
export interface PgbouncerServer {
  /** Leads through it to the same database as the given address. */
  readonly url: string
  readonly port: number
  kill(): Promise<void>
  /** Starts it again at the same address. */
  start(): Promise<void>
  stop(): Promise<void>
}

interface Settings {
  /** Its ini name is the same: settings of a client that it takes and does not heed. */
  readonly ignoreStartupParameters?: string
  /** Sessions on the server that its clients share. */
  readonly poolSize?: number
  /** How long it asks no more after a server that refused it; PgBouncer's own 15 s where absent. */
  readonly serverLoginRetryMs?: number
}

// Whether it would speak TLS: what a client may ask before all else, and what is answered without a session.
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/** @param serverUrl of the PostgreSQL behind it, whose clients need no password */
export async function startPgbouncer(
  program: string,
  serverUrl: string,
  { ignoreStartupParameters = '', poolSize = 4, serverLoginRetryMs = 15_000 }: Settings = {},
): Promise<PgbouncerServer> {
  const { hostname, port: serverPort, username } = new URL(serverUrl)
  const port = await freePort()
  // It refuses to run as root.
  const user = serverUser()
  const folder = serverFolder('pgbouncer', user)
  const file = join(folder.path, 'pgbouncer.ini')
  writeFileSync(
    file,
    `[databases]
* = host=${hostname} port=${serverPort} user=${username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 500
server_login_retry = ${serverLoginRetryMs / 1_000}
ignore_startup_parameters = ${ignoreStartupParameters}
`,
  )
  if (user) chownSync(file, user.uid, user.gid)
  const url = Object.assign(new URL(serverUrl), { port: String(port) }).href
  let server: ServerProcess | undefined

  const start = async (): Promise<void> => {
    server ??= await startServerProcess({
      program,
      args: [file],
      user,
      folder: folder.path,
      // Not a query: what is behind it may be away.
      isReady: () => answers(port, SSL_REQUEST, /^N/),
    })
  }
  const kill = async (): Promise<void> => {
    await server?.kill('SIGKILL')
    server = undefined
  }

  await start()
  return {
    url,
    port,
    kill,
    start,
    async stop() {
      await kill()
      folder.remove()
    },
  }
}
