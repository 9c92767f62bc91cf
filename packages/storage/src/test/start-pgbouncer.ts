import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, freePort } from '@taskflow/testing'
import { removeFolder } from '@taskflow/testing/remove-folder'
import { serverUser, sharedTempFolder } from '@taskflow/testing/server-user'
import pg from 'pg'

/** A PgBouncer in transaction mode before a server, gone without trace after stop(). */
export interface Pgbouncer {
  /** The way through it to the same database. */
  through(databaseUrl: string): string
  stop(): Promise<void>
}

/** Programs of PgBouncer: the machine's own, and the one that TEST_PGBOUNCER names. */
export const pgbouncers = (): readonly { readonly program: string; readonly version: string }[] =>
  ['pgbouncer', process.env.TEST_PGBOUNCER].flatMap((program) => {
    const version = program && versionOf(program)
    return version ? [{ program, version }] : []
  })

function versionOf(program: string): string | undefined {
  try {
    return /PgBouncer (\S+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1]
  } catch {
    return undefined
  }
}

export async function startPgbouncer(
  program: string,
  serverUrl: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Pgbouncer> {
  const user = serverUser()
  const folder = mkdtempSync(join(sharedTempFolder(user), 'taskflow-pgbouncer-'))
  const server = new URL(serverUrl)
  const port = await freePort()
  const write = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileSync(file, text)
    if (user) chownSync(file, user.uid, user.gid)
    return file
  }
  if (user) chownSync(folder, user.uid, user.gid)
  const userFile = write('users.txt', `"${server.username}" "${decodeURIComponent(server.password)}"\n`)
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'trust',
    auth_file: userFile,
    pool_mode: 'transaction',
    ...settings,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`)
  const databases = `[databases]\n* = host=${server.hostname} port=${server.port || 5432}\n`
  const file = write('pgbouncer.ini', `${databases}[pgbouncer]\n${lines.join('\n')}\n`)
  const log = openSync(join(folder, 'log'), 'w')
  const bouncer = spawn(program, [file], { ...user, stdio: ['ignore', log, log] })
  const ended = once(bouncer, 'exit')
  const through = (databaseUrl: string): string =>
    Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${port}` }).href
  await eventually(() => bouncer.exitCode !== null || answers(through(serverUrl)), { what: 'PgBouncer to answer' })
  if (bouncer.exitCode !== null) throw new Error(`PgBouncer ended: ${readFileSync(join(folder, 'log'), 'utf8')}`)
  return {
    through,
    async stop() {
      bouncer.kill('SIGQUIT')
      await ended
      removeFolder(folder)
    },
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    client.end().catch(() => {})
  }
}
