import { eventually } from '@taskflow/testing'
import { machineBinaries } from '@taskflow/testing/postgres-binaries'
import { DURABLE_SETTINGS, startPostgres } from '@taskflow/testing/postgres-server'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { serverUser } from '@taskflow/testing/server-user'
import { SwitchablePostgres } from '@taskflow/testing/switchable-postgres'
import { onTestFinished, test } from 'vitest'
import { postgresDatabase } from './postgres-database.ts'

const LEFT_MS = 20_000

test('statements and listeners leave a former primary that keeps their connections', async () => {
  const user = serverUser()
  const binaries = machineBinaries(user)
  if (!binaries) throw new Error('Expected a PostgreSQL on this machine')
  const startPrimary = () => startPostgres(binaries, user, DURABLE_SETTINGS)
  const server = await SwitchablePostgres.start({ user, diskMiB: undefined, startPrimary })
  onTestFinished(() => server.stop())
  const db = postgresDatabase({ url: server.url })
  onTestFinished(() => db.close())
  const received: string[] = []
  await db.listen('test_channel', (payload) => received.push(payload))
  const write = () => rowsOf(db, 'create table if not exists kept as select 1 as n')
  await write()

  await server.switchPrimary()
  // A statement that writes finds out by itself.
  await eventually(
    () =>
      write().then(
        () => true,
        () => false,
      ),
    { timeoutMs: LEFT_MS },
  )
  await eventually(() => received.includes(''), { timeoutMs: LEFT_MS, what: 'the listener to reconnect' })
  await eventually(async () => (await server.sessionsOfFormer()).length === 0, { timeoutMs: LEFT_MS })
  await rowsOf(db, `select pg_notify('test_channel', 'after')`)
  await eventually(() => received.includes('after'))
})
