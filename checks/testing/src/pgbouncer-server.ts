import { chownSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { freePort } from './free-port.ts'
import { answers, type ServerProcess, startServerProcess } from './server-process.ts'
import { serverUser } from './server-user.ts'
import { tempFolder } from './temp-folder.ts'
import { urlWith } from './url-with.ts'

/** A PgBouncer on 127.0.0.1, in transaction mode. */
export interface PgbouncerServer {
  /** Leads through PgBouncer to the same database as the given address. */
  readonly url: string
  readonly port: number
  kill(): Promise<void>
  /** Starts it again at the same address. */
  start(): Promise<void>
  /** Replaces its sessions on the server by new ones, each as soon as no transaction uses it. */
  reconnect(): Promise<void>
  stop(): Promise<void>
}

interface Settings {
  /** Settings of clients that it accepts and ignores, as its ini file names them. */
  readonly ignoreStartupParameters?: string
  /** Number of sessions on the server that its clients share. */
  readonly poolSize?: number
  /** How long it waits after a server refused a session; PgBouncer's default of 15 s where absent. */
  readonly serverLoginRetryMs?: number
}

// The request for TLS, which a client may send first, and which PgBouncer answers without a session on the server.
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/** @param serverUrl the PostgreSQL behind it, whose clients need no password */
export async function startPgbouncer(
  program: string,
  serverUrl: string,
  { ignoreStartupParameters = '', poolSize = 4, serverLoginRetryMs = 15_000 }: Settings = {},
): Promise<PgbouncerServer> {
  const { hostname, port: serverPort, username } = new URL(serverUrl)
  const port = await freePort()
  // PgBouncer refuses to run as root.
  const user = serverUser()
  const folder = tempFolder('pgbouncer', user)
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
admin_users = ${username}
pool_mode = transaction
default_pool_size = ${poolSize}
max_client_conn = 500
server_login_retry = ${serverLoginRetryMs / 1_000}
ignore_startup_parameters = ${ignoreStartupParameters}
`,
  )
  if (user) chownSync(file, user.uid, user.gid)
  const url = urlWith(serverUrl, { port })
  let server: ServerProcess | undefined

  const start = async (): Promise<void> => {
    server ??= await startServerProcess({
      program,
      args: [file],
      user,
      folder: folder.path,
      // No query: the server behind it may be unavailable.
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
    async reconnect() {
      const console = new Client({ connectionString: urlWith(url, { database: 'pgbouncer' }) })
      await console.connect()
      await console.query('RECONNECT')
      await console.end()
    },
    async stop() {
      await kill()
      folder.remove()
    },
  }
}
