import { migrator, postgresDatabase, requireWrites } from '@taskflow/database'
import { allMigrations } from '@taskflow/rooms/migrations'
import { eventually, useProcesses } from '@taskflow/testing'
import { administer } from '@taskflow/testing/administer'
import { machineBinaries } from '@taskflow/testing/postgres-binaries'
import { type PostgresServer, startPostgres } from '@taskflow/testing/postgres-server'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { serverUser } from '@taskflow/testing/server-user'
import { urlWith } from '@taskflow/testing/url-with'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runMigrate } from './migrate.ts'

let server: PostgresServer
let standby: PostgresServer
beforeAll(async () => {
  const user = serverUser()
  const binaries = machineBinaries(user)
  if (!binaries) throw new Error('Expected a PostgreSQL on this machine')
  server = await startPostgres(binaries, user, {})
  standby = await server.startReplica()
})
afterAll(async () => {
  await standby.stop()
  await server.stop()
})

let number = 0
let database: string
beforeEach(async () => {
  database = `strange_${++number}`
  await asOwner(`create database ${database}`, 'postgres')
})

/** Runs statements one by one as the superuser. */
async function asOwner(script: string | readonly string[], on = database): Promise<void> {
  for (const text of [script].flat()) await administer(urlWith(server.url, { database: on }), text)
}

const address = (parts: { user?: string; database?: string; query?: string } = {}): string => {
  const url = new URL(urlWith(server.url, { database: parts.database ?? database }))
  if (parts.user) url.username = parts.user
  return `${url.href}${parts.query ?? ''}`
}

const migrate = (databaseUrl: string) => runMigrate('up', { databaseUrl })

async function refusal(databaseUrl: string): Promise<{ code: string; message: string }> {
  const outcome = await migrate(databaseUrl).then(
    () => ({ code: 'none', message: 'it was migrated' }),
    (error) => error,
  )
  return { code: outcome.code, message: outcome.message }
}

const AT = 'PostgreSQL at 127\\.0\\.0\\.1:\\d+'
const OWN = 'set TASKFLOW_DATABASE_SCHEMA to a schema for TaskFlow alone, which TaskFlow creates'

describe('a database that cannot be used is refused with the reason and the remedy:', () => {
  const CASES: Record<string, readonly [prepare: () => Promise<string>, code: string, sentence: string]> = {
    'a role that may not create tables': [
      async () => {
        await asOwner(['create role guest login', 'revoke create on schema public from public'])
        return address({ user: 'guest' })
      },
      'DATABASE_UNSUITABLE',
      `${AT} does not let this role change the schema \\(permission denied for schema public\\): run \`taskflow migrate\` as the owner .*${OWN}`,
    ],
    'a table of another program': [
      async () => {
        await asOwner('create table task (id integer)')
        return address()
      },
      'DATABASE_UNSUITABLE',
      `${AT} has objects of another program \\(relation "task" already exists\\): ${OWN}`,
    ],
    'a function of another program': [
      async () => {
        await asOwner(`create function clock_now() returns timestamptz language sql as 'select now()'`)
        return address()
      },
      'DATABASE_UNSUITABLE',
      `${AT} has objects of another program \\(function "clock_now" .*\\): ${OWN}`,
    ],
    'a table of migrations of another program': [
      async () => {
        await asOwner('create table schema_migration (version text)')
        return address()
      },
      'SCHEMA_UNKNOWN',
      `The schema public has a table schema_migration of another program: ${OWN}`,
    ],
    'an empty search path': [
      async () => {
        await asOwner(`alter database ${database} set search_path = ''`)
        return address()
      },
      'DATABASE_UNSUITABLE',
      `${AT} has no schema for this role \\(no schema has been selected to create in\\): ${OWN}`,
    ],
    'an encoding other than UTF8': [
      async () => {
        await asOwner(`create database latin encoding latin1 template template0`, 'postgres')
        return address({ database: 'latin' })
      },
      'SCHEMA_UNKNOWN',
      'The database has the encoding LATIN1, which cannot store every text: create one with `createdb --encoding=UTF8',
    ],
    'a server without TLS': [
      async () => address({ query: '?sslmode=require' }),
      'DATABASE_UNSUITABLE',
      `${AT} does not offer TLS \\(The server does not support SSL connections\\): turn it on`,
    ],
    'a database that is read-only': [
      async () => {
        await asOwner(`alter database ${database} set default_transaction_read_only = on`)
        return address()
      },
      'DATABASE_UNAVAILABLE',
      `${AT} only allows reads \\(cannot execute .* in a read-only transaction\\): it is a standby`,
    ],
    'a role with too few connections': [
      async () => {
        await asOwner('create role crowd login connection limit 0')
        return address({ user: 'crowd' })
      },
      'DATABASE_UNAVAILABLE',
      `${AT} has no free connection \\(too many connections for role "crowd"\\): raise`,
    ],
    'an unknown database': [
      async () => address({ database: 'nowhere' }),
      'DATABASE_UNAVAILABLE',
      `${AT} has no such database \\(database "nowhere" does not exist\\): create it`,
    ],
  }
  test.each(Object.keys(CASES))('%s', async (name) => {
    const [prepare, code, sentence] = CASES[name]!
    const refused = await refusal(await prepare())
    expect(refused).toEqual({ code, message: expect.stringMatching(new RegExp(sentence, 'i')) })
  })

  test('a standby', async () => {
    await eventually(() =>
      rowsOf(postgresOn(standby), 'select 1').then(
        () => true,
        () => false,
      ),
    )
    expect(await refusal(urlWith(standby.url, { database }))).toEqual({
      code: 'DATABASE_UNAVAILABLE',
      message: expect.stringMatching(/only allows reads \(cannot execute .*\): it is a standby/),
    })
  })
})

const postgresOn = ({ url }: PostgresServer) => postgresDatabase({ url: urlWith(url, { database }), poolSize: 1 })

describe('a role with rights on the data alone', () => {
  const processes = useProcesses()

  beforeEach(async () => {
    await migrate(address())
    const role = `data_${number}`
    await asOwner([
      `create role ${role} login`,
      `grant usage on schema public to ${role}`,
      `grant select, insert, update, delete on all tables in schema public to ${role}`,
      `revoke create on schema public from public`,
    ])
  })
  const dataUrl = () => address({ user: `data_${number}` })

  test('runs every role on a migrated schema, and says early that partitions need the owner', async () => {
    const server = processes.taskflow(['start', '--tasks', `${import.meta.dirname}/../../../examples/tasks`], {
      env: { TASKFLOW_PORT: '0', TASKFLOW_DATABASE_URL: dataUrl(), TASKFLOW_ADMIN_TOKEN: 'secret' },
    })
    const [, url = ''] = await server.waitForOutput(/API +(http:\S+)/, { timeoutMs: 60_000 })
    expect(server.output).toContain('does not own the tables')
    const reply = await fetch(`${url}/v1/tasks`, {
      method: 'POST',
      headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
      body: '{"type":"hello","payload":{"name":"World"}}',
    })
    const { id } = (await reply.json()) as { id: string }
    const task = await fetch(`${url}/v1/tasks/${id}?waitMs=20000`, { headers: { authorization: 'Bearer secret' } })
    expect(await task.json()).toMatchObject({ state: 'succeeded', result: { greeting: 'Hello, World' } })
    await server.kill('SIGTERM')
  })

  test('is refused with the remedy where a migration is missing', async () => {
    const db = postgresDatabase({ url: address() })
    await migrator(db, allMigrations()).down(allMigrations().length - 1)
    await db.close()
    expect(await refusal(dataUrl())).toMatchObject({
      code: 'DATABASE_UNSUITABLE',
      message: expect.stringMatching(/does not let this role change the schema|has tables of another role/),
    })
    expect((await runMigrate('status', { databaseUrl: dataUrl() })).status.at(-1)?.appliedAt).toBeNull()
  })
})

test('a database without a connection for submissions is not ready, although it answers reads', async () => {
  await migrate(address())
  await asOwner([`create role narrow login connection limit 2`, `grant pg_read_all_data, pg_write_all_data to narrow`])
  const db = postgresDatabase({ url: address({ user: 'narrow' }), poolSize: 1 })
  const other = postgresDatabase({ url: address({ user: 'narrow' }), poolSize: 1 })
  try {
    await rowsOf(other, 'select 1')
    const read = () => rowsOf<{ n: number }>(db, 'select 1 as n')
    expect(await eventually(() => read().catch(() => undefined))).toEqual([{ n: 1 }])
    await expect(requireWrites(db)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', cause: { code: '53300' } })
    expect(await read()).toEqual([{ n: 1 }])
    await other.close()
    await eventually(() =>
      requireWrites(db).then(
        () => true,
        () => false,
      ),
    )
  } finally {
    await db.close()
  }
})
