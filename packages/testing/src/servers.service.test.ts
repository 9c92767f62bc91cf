import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { Client } from 'pg'
import { afterEach, describe, expect, test } from 'vitest'
import { halfOpenProxy } from './half-open-proxy.ts'
import { startPgbouncer } from './pgbouncer-server.ts'
import { machineBinaries } from './postgres-binaries.ts'
import { answersPostgres, DURABLE_SETTINGS, startPostgres } from './postgres-server.ts'
import { startRabbitmq } from './rabbitmq-server.ts'
import { startRedis, startRedisCluster } from './redis-server.ts'
import { answers } from './server-process.ts'
import { serverUser } from './server-user.ts'
import { describeWith, programFor } from './services.ts'
import { eventually, within } from './wait.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

function stoppedAfterwards<Server extends { stop(): Promise<void> }>(server: Server): Server {
  stops.push(() => server.stop())
  return server
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

/** Addresses of this machine, beside the loopback, that take connections at the port. */
async function openTo(port: number): Promise<string[]> {
  const addresses = Object.values(networkInterfaces()).flatMap((each = []) => each.filter(({ internal }) => !internal))
  const open = await Promise.all(addresses.map(({ address }) => takesConnections(address, port)))
  return addresses.filter((_, index) => open[index]).map(({ address }) => address)
}

function takesConnections(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port }, () => end(true))
    const end = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.on('error', () => end(false))
  })
}

function binaries() {
  const found = machineBinaries(serverUser())
  if (!found) throw new Error('Expected a PostgreSQL on this machine')
  return found
}

describeWith(['redis'], 'a Redis', () => {
  test('forgets when it is killed, unless it appends, and listens to this machine alone', async () => {
    const server = stoppedAfterwards(await startRedis(programFor('redis')))
    const lasting = stoppedAfterwards(await startRedis(programFor('redis'), { appends: true }))
    for (const each of [server, lasting]) {
      each.run('set', 'a', '1')
      expect(await openTo(each.port)).toEqual([])
    }
    await eventually(() => lasting.run('wait', '0', '0') === '0')
    expect(lasting.run('config', 'set', 'appendfsync', 'always')).toBe('OK')
    lasting.run('set', 'a', '2')
    for (const each of [server, lasting]) {
      await each.kill()
      expect(await answers(each.port, 'PING\r\n', /PONG/)).toBe(false)
      await each.start()
    }
    expect([server.run('get', 'a'), lasting.run('get', 'a')]).toEqual(['', '2'])
  })

  test('as a cluster serves every slot', async () => {
    const { urls } = stoppedAfterwards(await startRedisCluster(programFor('redis')))
    expect(urls.length).toBe(3)
  })
})

describeWith(['rabbitmq'], 'a RabbitMQ', () => {
  test('comes back with what is durable, and listens to this machine alone', async () => {
    const server = stoppedAfterwards(await startRabbitmq(programFor('rabbitmq')))
    expect(await openTo(server.port)).toEqual([])
    server.run('add_vhost', 'kept')
    await server.kill()
    await server.start()
    expect(server.run('list_vhosts')).toContain('kept')
  })
})

describeWith(['pgbouncer'], 'a PgBouncer', () => {
  test('lends few sessions to many clients', async () => {
    const postgres = stoppedAfterwards(await startPostgres(binaries(), serverUser()))
    const { url } = stoppedAfterwards(await startPgbouncer(programFor('pgbouncer'), postgres.url, { poolSize: 1 }))
    const pids = await Promise.all(Array.from({ length: 5 }, () => query(url, 'select pg_backend_pid() as pid')))
    expect(new Set(pids.map(([row]) => row?.pid)).size).toBe(1)
  })
})

describe('a PostgreSQL', () => {
  test('comes back after a crash with what was committed', async () => {
    const server = stoppedAfterwards(await startPostgres(binaries(), serverUser(), DURABLE_SETTINGS))
    await query(server.url, 'create table kept as select 1 as n')
    await server.crash()
    expect(await answersPostgres(server.url)).toBe(false)
    await server.start()
    expect(await query(server.url, 'select n from kept')).toEqual([{ n: 1 }])
  })

  test('has replicas that follow it', async () => {
    const primary = stoppedAfterwards(await startPostgres(binaries(), serverUser()))
    const replica = stoppedAfterwards(await primary.startReplica())
    await query(primary.url, 'create table followed as select 2 as n')
    const isThere = () =>
      query(replica.url, 'select n from followed').then(
        ([row]) => row?.n === 2,
        () => false,
      )
    await eventually(isThere, { timeoutMs: 10_000, what: 'the row on the replica' })
    await expect(query(replica.url, 'create table refused ()')).rejects.toThrow(/read-only/)
  })
})

describeWith(['redis'], 'a half-open network', () => {
  /** What comes back for a PING, or "silence". */
  function ask(socket: ReturnType<typeof connect>): Promise<string> {
    const reply = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(String(chunk).trim())))
    socket.write('PING\r\n')
    return within(300, reply).catch(() => 'silence')
  }

  test('swallows what present connections send, without a word, and lets new ones through', async () => {
    const server = stoppedAfterwards(await startRedis(programFor('redis')))
    const proxy = await halfOpenProxy(server.port)
    const open = () => connect({ port: proxy.port, host: '127.0.0.1' })
    const old = open()
    let isClosed = false
    old.on('close', () => {
      isClosed = true
    })
    expect(await ask(old)).toBe('+PONG')
    proxy.swallow()
    expect(await ask(old)).toBe('silence')
    const fresh = open()
    expect(await ask(fresh)).toBe('+PONG')
    proxy.swallow({ alsoNew: true })
    const newest = open()
    expect(await ask(newest)).toBe('silence')
    proxy.heal()
    const healed = open()
    expect(await ask(healed)).toBe('+PONG')
    expect([await ask(old), isClosed]).toEqual(['silence', false])
    await proxy.close()
  })
})
