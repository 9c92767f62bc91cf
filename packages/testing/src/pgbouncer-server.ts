import { chownSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { answersPostgres } from './postgres-server.ts'
import { serverFolder, startServerProcess } from './server-process.ts'
import { serverUser } from './server-user.ts'

/** A PgBouncer of one's own on 127.0.0.1, in transaction mode. */
export interface PgbouncerServer {
  /** Leads through it to the same database as the given address. */
  readonly url: string
  stop(): Promise<void>
}

interface Settings {
  /** Its ini name is the same: settings of a client that it takes and does not heed. */
  readonly ignoreStartupParameters?: string
  /** Sessions on the server that its clients share. */
  readonly poolSize?: number
}

/** @param serverUrl of the PostgreSQL behind it, whose clients need no password */
export async function startPgbouncer(
  program: string,
  serverUrl: string,
  { ignoreStartupParameters = '', poolSize = 4 }: Settings = {},
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
ignore_startup_parameters = ${ignoreStartupParameters}
`,
  )
  if (user) chownSync(file, user.uid, user.gid)
  const url = Object.assign(new URL(serverUrl), { port: String(port) }).href
  const server = await startServerProcess({
    program,
    args: [file],
    user,
    folder: folder.path,
    isReady: () => answersPostgres(url),
  })
  return {
    url,
    async stop() {
      await server.kill('SIGKILL')
      folder.remove()
    },
  }
}
