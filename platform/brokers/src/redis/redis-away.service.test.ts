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

const SUBQUEUE = { project: 'default', queue: 'default', type: 'a', priority: 'normal' } as const
const UNAVAILABLE = { code: 'BROKER_UNAVAILABLE' }

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

  /** Returns the connections of this name that the server lists. */
  const connections = (name: string): string[] =>
    server
      .run('client', 'list')
      .split('\n')
      .filter((line) => line.includes(` name=${name} `))

  test('starts while Redis is unavailable, reports the cause, and works once Redis is available', async () => {
    await server.kill()
    const broker = open()
    await expect(broker.publish([dispatch()])).rejects.toMatchObject({
      ...UNAVAILABLE,
      cause: { code: 'ECONNREFUSED' },
    })
    await expect(take(broker)).rejects.toMatchObject(UNAVAILABLE)
    await server.start()
    await returned(broker)
    expect(await roundTrip(broker)).toHaveLength(1)
  })

  test('refuses a waiting take at once when the server crashes', async () => {
    const broker = open()
    await listening(server, broker)
    const waiting = take(broker, { waitMs: 60_000 })
    const refused = expect(within(900, waiting, 'the refusal')).rejects.toMatchObject(UNAVAILABLE)
    // The pings are answered after the polls of the take, so that it waits by then.
    for (let count = 0; count < 2; count++) await broker.ping()
    await server.kill()
    await refused
  })

  test('takes and notifies again after a restart that lost all data and scripts', async () => {
    const broker = open()
    expect(await roundTrip(broker)).toHaveLength(1)
    await server.kill()
    await server.start()
    await returned(broker)
    expect(await roundTrip(broker)).toHaveLength(1)
    await eventually(() => connections('taskflow-listener').length === 1)
  })

  test('sends its scripts again to a server that has flushed them', async () => {
    const broker = open()
    expect(await roundTrip(broker)).toHaveLength(1)
    server.run('script', 'flush')
    server.run('flushall')
    const taking = take(broker, { waitMs: 5_000 })
    await Promise.all([broker.publish([dispatch()]), broker.publish([dispatch()])])
    expect(tasksOf(await taking).length).toBeGreaterThan(0)
  })

  test('refuses within three seconds when packets vanish, and works again within ten, with notifications', async () => {
    const proxy = await halfOpenProxy(server.port)
    onTestFinished(() => proxy.close())
    const broker = open(`redis://127.0.0.1:${proxy.port}`)
    await listening(server, broker)
    proxy.swallow({ alsoNew: true })
    await expect(within(3_000, broker.publish([dispatch()]), 'the refusal')).rejects.toMatchObject(UNAVAILABLE)
    await expect(within(3_000, take(broker), 'the refusal')).rejects.toMatchObject(UNAVAILABLE)
    proxy.heal()
    await returned(broker)
    // The server still lists the broken connection next to its successor.
    await eventually(() => connections('taskflow-listener').length === 2, { timeoutMs: 10_000 })
    expect(await roundTrip(broker)).toHaveLength(1)
  })

  test('wakes a consumer by a notification alone', async () => {
    // With this clock, no poll and no timeout ever comes.
    const clock: Clock = { ...systemClock, sleep: (_ms, signal) => aborted(signal) }
    const broker = open(server.url, { clock })
    await listening(server, broker)
    const waiting = take(broker, { waitMs: 60_000 })
    await open().publish([dispatch()])
    expect(tasksOf(await within(2_000, waiting, 'the notification'))).toHaveLength(1)
  })

  test('keeps one connection for calls and one for notifications, leaves no listener behind, and ends both', async () => {
    const broker = open()
    const { signal } = new AbortController()
    for (let count = 0; count < 50; count++) await take(broker, { waitMs: 0, signal })
    await listening(server, broker)
    expect(getEventListeners(signal, 'abort')).toEqual([])
    expect([connections('taskflow'), connections('taskflow-listener')].map(({ length }) => length)).toEqual([1, 1])
    await broker.close()
    await eventually(() => connections('taskflow').length + connections('taskflow-listener').length === 0)
    await expect(broker.publish([dispatch()])).rejects.toMatchObject(UNAVAILABLE)
  })

  test('keeps a task once, at the rank that was published last', async () => {
    const broker = open()
    const [first, second] = [dispatch(1), dispatch(2)]
    await broker.publish([first, second])
    await broker.publish([first, { ...first, rankMs: 3 }])
    expect(await broker.depths([SUBQUEUE])).toEqual([2])
    expect(tasksOf(await take(broker))).toEqual([second.taskId, first.taskId])
  })

  test('delivers a task that is in two subqueues once, and removes it from both', async () => {
    const broker = open()
    const normal = dispatch()
    const high = { ...normal, priority: 'high' } as const
    await broker.publish([normal, high])
    const delivery = await take(broker)
    expect(delivery?.tasks).toEqual([normal.taskId])
    await delivery?.acknowledge(1)
    expect(await broker.depths([normal, high])).toEqual([0, 0])
  })

  test('reconnects when its server has become a replica', async () => {
    const broker = open()
    expect(await roundTrip(broker)).toHaveLength(1)
    const [before] = connections('taskflow')
    server.run('replicaof', '127.0.0.1', '1')
    await expect(broker.publish([dispatch()])).rejects.toThrow('READONLY')
    server.run('replicaof', 'no', 'one')
    await returned(broker)
    await eventually(() => connections('taskflow').length === 1 && idIn(connections('taskflow')[0]) !== idIn(before))
  })

  test('refuses a take when one of two instances is unavailable, and publishes to the other', async () => {
    const low = await startRedis(programFor('redis'))
    onTestFinished(() => low.stop())
    const broker = open(server.url, { lowUrl: low.url })
    await broker.publish([dispatch(), { ...dispatch(), priority: 'high' }])
    expect([server, low].map((each) => each.run('dbsize'))).toEqual(['1', '1'])
    await low.kill()
    await expect(take(broker)).rejects.toMatchObject(UNAVAILABLE)
    await expect(broker.publish([dispatch()])).rejects.toMatchObject(UNAVAILABLE)
    await expect(broker.publish([{ ...dispatch(), priority: 'critical' }])).resolves.toBeUndefined()
  })
})

describeWith(['redis'], 'redis broker, on a server with a password', () => {
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

  test('uses the password and the database of its address, for calls and for notifications', async () => {
    const broker = open(PASSWORD, 3)
    await listening(server, broker, '--no-auth-warning', '-a', PASSWORD)
    const sent = dispatch()
    await broker.publish([sent])
    expect(await open(PASSWORD, 4).depths([SUBQUEUE])).toEqual([0])
    expect(tasksOf(await take(broker))).toEqual([sent.taskId])
  })

  test('reports a wrong password, but neither the password nor the ids', async () => {
    const broker = open('another', 0)
    const sent = dispatch()
    const error: unknown = await broker.publish([sent]).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ ...UNAVAILABLE, message: expect.stringContaining('WRONGPASS') })
    const everything = inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true })
    expect(everything).not.toContain('another')
    expect(everything).not.toContain(sent.taskId)
  })
})

const dispatch = (rankMs = 1): Dispatch => ({ ...SUBQUEUE, taskId: newTaskId(), rankMs })

function take(broker: Broker, options: Partial<TakeOptions> = {}): Promise<Delivery | undefined> {
  const { project, queue, type } = SUBQUEUE
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

/** Waits until notifications of the subqueue reach the broker. */
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
    { timeoutMs: 10_000, what: 'Redis to be available again' },
  )

const idIn = (client = ''): string | undefined => /\bid=(\d+)/.exec(client)?.[1]

const aborted = (signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) resolve()
    signal?.addEventListener('abort', () => resolve(), { once: true })
  })
