import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import type { Clock } from '@taskflow/kernel'
import type { Broker, Delivery, Dispatch, TakeOptions } from '@taskflow/tasks'
import {
  describeWith,
  eventually,
  halfOpenProxy,
  newTaskId,
  programFor,
  type RedisServer,
  startRedis,
  systemClock,
  within,
} from '@taskflow/testing'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { redisBroker } from './redis-broker.ts'

const LINE = { project: 'default', queue: 'default', type: 'a', priority: 'normal' } as const
const AWAY = { code: 'BROKER_UNAVAILABLE' }

describeWith(['redis'], 'redis broker', () => {
  let server: RedisServer
  beforeEach(async () => {
    server = await startRedis(programFor('redis'))
  })
  afterEach(() => server.stop())

  function open(url = server.url, { lowUrl, clock = systemClock }: { lowUrl?: string; clock?: Clock } = {}): Broker {
    const broker = redisBroker({ url, lowUrl, clock })
    onTestFinished(() => broker.close())
    return broker
  }

  /** As the server lists them. */
  const connections = (name: string): string[] =>
    server
      .run('client', 'list')
      .split('\n')
      .filter((line) => line.includes(` name=${name} `))

  test('starts while Redis is away, says why it does not answer, and carries on when it is there', async () => {
    await server.kill()
    const broker = open()
    await expect(broker.publish([dispatch()])).rejects.toMatchObject({ ...AWAY, cause: { code: 'ECONNREFUSED' } })
    await expect(take(broker)).rejects.toMatchObject(AWAY)
    await server.start()
    await returned(broker)
    expect(await roundTrip(broker)).toHaveLength(1)
  })

  test('refuses a take that waits, at once, when the server dies', async () => {
    const broker = open()
    await listening(server, broker)
    const waiting = take(broker, { waitMs: 60_000 })
    const refused = expect(within(900, waiting, 'the refusal')).rejects.toMatchObject(AWAY)
    // Answered after its looks, so that it does wait by then.
    for (let look = 0; look < 2; look++) await broker.ping()
    await server.kill()
    await refused
  })

  test('takes and gives word again after a restart that lost everything, its scripts too', async () => {
    const broker = open()
    expect(await roundTrip(broker)).toHaveLength(1)
    await server.kill()
    await server.start()
    await returned(broker)
    expect(await roundTrip(broker)).toHaveLength(1)
    await eventually(() => connections('taskflow-listener').length === 1)
  })

  test('sends its scripts again to a server that forgot them', async () => {
    const broker = open()
    expect(await roundTrip(broker)).toHaveLength(1)
    server.run('script', 'flush')
    server.run('flushall')
    const taking = take(broker, { waitMs: 5_000 })
    await Promise.all([broker.publish([dispatch()]), broker.publish([dispatch()])])
    expect(tasksOf(await taking).length).toBeGreaterThan(0)
  })

  test('refuses within three seconds where packets vanish, and is back within ten, with word', async () => {
    const proxy = await halfOpenProxy(server.port)
    onTestFinished(() => proxy.close())
    const broker = open(`redis://127.0.0.1:${proxy.port}`)
    await listening(server, broker)
    proxy.swallow({ alsoNew: true })
    await expect(within(3_000, broker.publish([dispatch()]), 'the refusal')).rejects.toMatchObject(AWAY)
    await expect(within(3_000, take(broker), 'the refusal')).rejects.toMatchObject(AWAY)
    proxy.heal()
    await returned(broker)
    // The one that is dead, of which the server does not know, and its successor.
    await eventually(() => connections('taskflow-listener').length === 2, { timeoutMs: 10_000 })
    expect(await roundTrip(broker)).toHaveLength(1)
  })

  test('wakes a taker by word alone', async () => {
    // No poll ever comes, and no time is ever up.
    const clock: Clock = { ...systemClock, sleep: (_ms, signal) => aborted(signal) }
    const broker = open(server.url, { clock })
    await listening(server, broker)
    const waiting = take(broker, { waitMs: 60_000 })
    await open().publish([dispatch()])
    expect(tasksOf(await within(2_000, waiting, 'word'))).toHaveLength(1)
  })

  test('keeps one connection for calls and one for word, leaves no listener behind, and ends both', async () => {
    const broker = open()
    const { signal } = new AbortController()
    for (let count = 0; count < 50; count++) await take(broker, { waitMs: 0, signal })
    await listening(server, broker)
    expect(getEventListeners(signal, 'abort')).toEqual([])
    expect([connections('taskflow'), connections('taskflow-listener')].map(({ length }) => length)).toEqual([1, 1])
    await broker.close()
    await eventually(() => connections('taskflow').length + connections('taskflow-listener').length === 0)
    await expect(broker.publish([dispatch()])).rejects.toMatchObject(AWAY)
  })

  test('keeps a task once, at the rank that was told last', async () => {
    const broker = open()
    const [first, second] = [dispatch(1), dispatch(2)]
    await broker.publish([first, second])
    await broker.publish([first, { ...first, rankMs: 3 }])
    expect(await broker.depths([LINE])).toEqual([2])
    expect(tasksOf(await take(broker))).toEqual([second.taskId, first.taskId])
  })

  test('gives a task that is in two lines once, and clears it from both', async () => {
    const broker = open()
    const normal = dispatch()
    const high = { ...normal, priority: 'high' } as const
    await broker.publish([normal, high])
    const delivery = await take(broker)
    expect(delivery?.tasks).toEqual([normal.taskId])
    await delivery?.acknowledge(1)
    expect(await broker.depths([normal, high])).toEqual([0, 0])
  })

  test('connects anew when its server has become a replica', async () => {
    const broker = open()
    expect(await roundTrip(broker)).toHaveLength(1)
    const [before] = connections('taskflow')
    server.run('replicaof', '127.0.0.1', '1')
    await expect(broker.publish([dispatch()])).rejects.toThrow('READONLY')
    server.run('replicaof', 'no', 'one')
    await returned(broker)
    await eventually(() => connections('taskflow').length === 1 && idIn(connections('taskflow')[0]) !== idIn(before))
  })

  test('refuses a take when one of two instances is away, and publishes to the other', async () => {
    const low = await startRedis(programFor('redis'))
    onTestFinished(() => low.stop())
    const broker = open(server.url, { lowUrl: low.url })
    await broker.publish([dispatch(), { ...dispatch(), priority: 'high' }])
    expect([server, low].map((each) => each.run('dbsize'))).toEqual(['1', '1'])
    await low.kill()
    await expect(take(broker)).rejects.toMatchObject(AWAY)
    await expect(broker.publish([dispatch()])).rejects.toMatchObject(AWAY)
    await expect(broker.publish([{ ...dispatch(), priority: 'critical' }])).resolves.toBeUndefined()
  })
})

describeWith(['redis'], 'redis broker, of a server with a password', () => {
  const PASSWORD = 'p@ss/w:rd'
  let server: RedisServer
  beforeEach(async () => {
    server = await startRedis(programFor('redis'), { flags: ['--requirepass', PASSWORD] })
  })
  afterEach(() => server.stop())

  function open(password: string, database: number): Broker {
    const url = `redis://:${encodeURIComponent(password)}@127.0.0.1:${server.port}/${database}`
    const broker = redisBroker({ url, clock: systemClock })
    onTestFinished(() => broker.close())
    return broker
  }

  test('uses the password and the database of its address, for calls and for word', async () => {
    const broker = open(PASSWORD, 3)
    await listening(server, broker, '--no-auth-warning', '-a', PASSWORD)
    const sent = dispatch()
    await broker.publish([sent])
    expect(await open(PASSWORD, 4).depths([LINE])).toEqual([0])
    expect(tasksOf(await take(broker))).toEqual([sent.taskId])
  })

  test('says that the password is wrong, and neither the password nor what it sent', async () => {
    const broker = open('another', 0)
    const sent = dispatch()
    const error: unknown = await broker.publish([sent]).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ ...AWAY, message: expect.stringContaining('WRONGPASS') })
    const everything = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true })
    expect(everything).not.toContain('another')
    expect(everything).not.toContain(sent.taskId)
  })
})

const dispatch = (rankMs = 1): Dispatch => ({ ...LINE, taskId: newTaskId(), rankMs })

function take(broker: Broker, options: Partial<TakeOptions> = {}): Promise<Delivery | undefined> {
  const { project, queue, type } = LINE
  const { signal } = new AbortController()
  return broker.take({
    project,
    queues: [queue],
    isDrawn: false,
    types: [type],
    max: 10,
    waitMs: 1_000,
    signal,
    ...options,
  })
}

const tasksOf = (delivery: Delivery | undefined): readonly string[] =>
  delivery?.tasks === 'any' ? [] : (delivery?.tasks ?? [])

async function roundTrip(broker: Broker): Promise<readonly string[]> {
  await broker.publish([dispatch()])
  const delivery = await take(broker)
  await delivery?.acknowledge(1)
  return tasksOf(delivery)
}

/** Until word of the line would reach the broker. */
async function listening(server: RedisServer, broker: Broker, ...options: string[]): Promise<void> {
  await take(broker, { waitMs: 0 })
  const channel = 'taskflow:{default/default}:a:normal'
  await eventually(() => server.run(...options, 'pubsub', 'numsub', channel).endsWith('1'))
}

const returned = (broker: Broker): Promise<unknown> =>
  eventually(
    () =>
      broker.ping().then(
        () => true,
        () => false,
      ),
    { timeoutMs: 10_000, what: 'Redis to be back' },
  )

const idIn = (client = ''): string | undefined => /\bid=(\d+)/.exec(client)?.[1]

const aborted = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) resolve()
    signal?.addEventListener('abort', () => resolve(), { once: true })
  })
