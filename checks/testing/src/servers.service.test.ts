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
import { makeSmallDisk, whyNoSmallDisk } from './small-disk.ts'
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
  // The awaited call rejects if the connection breaks.
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

/** Addresses of this machine, beside the loopback, that take connections at the port. */
async function openTo(port: number): Promise<string[]> {
  const addresses = Object.entries(networkInterfaces()).flatMap(([name, each = []]) =>
    each
      .filter(({ internal }) => !internal)
      // A link-local address means nothing without its interface.
      .map(({ address }) => (address.startsWith('fe80:') ? `${address}%${name}` : address)),
  )
  const open = await Promise.all(addresses.map((address) => takesConnections(address, port)))
  return addresses.filter((_, index) => open[index])
}

// This machine answers itself at once. An address of a bridge or a namespace may never answer.
const ANSWER_MS = 2_000

function takesConnections(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port }, () => end(true))
    const end = (isOpen: boolean) => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.on('error', () => end(false))
    socket.setTimeout(ANSWER_MS, () => end(false))
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
  test('comes back with what is durable unless it is to forget, and listens to this machine alone', {
    timeout: 180_000,
  }, async () => {
    const server = stoppedAfterwards(await startRabbitmq(programFor('rabbitmq')))
    expect(await openTo(server.port)).toEqual([])
    server.run('add_vhost', 'kept')
    await server.kill()
    await server.start()
    expect(server.run('list_vhosts')).toContain('kept')
    await server.shutDown()
    server.forget()
    await server.start()
    expect(server.run('list_vhosts')).not.toContain('kept')
  })
})

describeWith(['pgbouncer'], 'a PgBouncer', () => {
  test('lends few sessions to many clients', async () => {
    const postgres = stoppedAfterwards(await startPostgres(binaries(), serverUser()))
    const { url } = stoppedAfterwards(await startPgbouncer(programFor('pgbouncer'), postgres.url, { poolSize: 1 }))
    const pids = await Promise.all(Array.from({ length: 5 }, () => query(url, 'select pg_backend_pid() as pid')))
    expect(new Set(pids.map(([row]) => row?.pid)).size).toBe(1)
  })

  test('comes back at the same address after it was killed, whether or not its server is there', async () => {
    const postgres = stoppedAfterwards(await startPostgres(binaries(), serverUser()))
    const settings = { serverLoginRetryMs: 1_000 }
    const pooler = stoppedAfterwards(await startPgbouncer(programFor('pgbouncer'), postgres.url, settings))
    await pooler.kill()
    await expect(query(pooler.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/)
    await postgres.shutDown()
    await pooler.start()
    await postgres.start()
    const answer = () => query(pooler.url, 'select 2 as n').catch(() => undefined)
    expect(await eventually(answer, { timeoutMs: 10_000 })).toEqual([{ n: 2 }])
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

  test('comes back after its first process was killed while its sessions were busy, and counts its recoveries', async () => {
    const server = stoppedAfterwards(await startPostgres(binaries(), serverUser(), DURABLE_SETTINGS))
    await query(server.url, 'create table kept as select 1 as n')
    expect(server.countRecoveries()).toBe(0)
    const busy = query(server.url, 'select pg_sleep(1)').catch(() => 'broken')
    await eventually(async () => {
      const [row] = await query(
        server.url,
        `select count(*)::integer as busy from pg_stat_activity where query like '%pg_sleep(1)'`,
      )
      return Number(row?.busy) > 0
    })
    await server.kill()
    await server.start()
    await busy
    expect(await query(server.url, 'select n from kept')).toEqual([{ n: 1 }])
    expect(server.countRecoveries()).toBe(1)
  })

  test('that is shut down has nothing to recover from', async () => {
    const server = stoppedAfterwards(await startPostgres(binaries(), serverUser(), DURABLE_SETTINGS))
    await server.shutDown()
    expect(await answersPostgres(server.url)).toBe(false)
    await server.start()
    expect(server.countRecoveries()).toBe(0)
  })

  test('runs out of space on a small disk, and goes on once there is some', async ({ annotate }) => {
    const reason = whyNoSmallDisk()
    await annotate(reason ?? 'a small disk was made')
    // Only root may mount one; for other users the test checks the reason.
    if (reason !== undefined) return expect(reason).toMatch(/root|no |cannot/)
    const disk = makeSmallDisk(256, serverUser())
    stops.push(async () => disk.remove())
    const server = stoppedAfterwards(await startPostgres(binaries(), serverUser(), DURABLE_SETTINGS, disk.path))
    const fill = 'create table big as select repeat(md5(n::text), 60) as text from generate_series(1, 20000) as n'
    disk.fill()
    await expect(query(server.url, fill)).rejects.toThrow(/No space left|terminating|in recovery|terminated/)
    disk.free()
    await eventually(() => answersPostgres(server.url).then((isUp) => isUp || server.start().then(() => false)), {
      timeoutMs: 30_000,
      what: 'it to be back',
    })
    await query(server.url, fill)
    expect(await query(server.url, 'select count(*)::integer as n from big')).toEqual([{ n: 20_000 }])
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
  /** Resolves with the reply to a PING, or with "silence". */
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

  test('brings everything late, in order, once it is slow, and at once when it is healed', async () => {
    const server = stoppedAfterwards(await startRedis(programFor('redis')))
    const proxy = await halfOpenProxy(server.port)
    stops.push(() => proxy.close())
    const socket = connect({ port: proxy.port, host: '127.0.0.1' })
    let replies = ''
    socket.on('data', (chunk) => {
      replies += chunk
    })
    const untilReplied = async (expected: string): Promise<number> => {
      const startedMs = performance.now()
      await eventually(() => replies === expected)
      replies = ''
      return performance.now() - startedMs
    }
    proxy.slow(200)
    for (const word of ['one', 'two', 'three']) socket.write(`PING ${word}\r\n`)
    expect(await untilReplied('$3\r\none\r\n$3\r\ntwo\r\n$5\r\nthree\r\n')).toBeGreaterThanOrEqual(390)
    proxy.heal()
    socket.write('PING four\r\n')
    expect(await untilReplied('$4\r\nfour\r\n')).toBeLessThan(200)
  })

  test('closes each end when the other hangs up', async () => {
    const server = stoppedAfterwards(await startRedis(programFor('redis')))
    const proxy = await halfOpenProxy(server.port)
    stops.push(() => proxy.close())
    const [polite, rude, left] = [1, 2, 3].map(() => connect({ port: proxy.port, host: '127.0.0.1' }))
    await eventually(() => proxy.connections === 3)
    polite?.end()
    rude?.resetAndDestroy()
    await eventually(() => proxy.connections === 1)
    const closed = new Promise((resolve) => left?.once('close', resolve))
    left?.on('error', () => {})
    await server.kill()
    await within(2_000, closed, 'the close of the client')
    await eventually(() => proxy.connections === 0)
  })
})
