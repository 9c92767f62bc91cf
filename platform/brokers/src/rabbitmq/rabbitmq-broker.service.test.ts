import { type Clock, hasCode } from '@taskflow/kernel'
import type { Broker, Delivery, Dispatch, Line } from '@taskflow/tasks'
import {
  describeWith,
  eventually,
  halfOpenProxy,
  programFor,
  type RabbitmqServer,
  startRabbitmq,
  systemClock,
  within,
} from '@taskflow/testing'
import {
  idsIn,
  idsOf,
  newDispatch,
  newDispatches,
  newLine,
  take,
  takeAll,
} from '@taskflow/testing/broker-conformance/given'
import { type Channel, Connection } from 'rabbitmq-client'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { rabbitmqBroker } from './rabbitmq-broker.ts'
import { declareQueue, queueOf, REDECLARE_MS } from './subqueue.ts'

const AWAY = { code: 'BROKER_UNAVAILABLE' }

/** Goes at a tenth of the pace: no window is then too short for a busy machine. */
const slowClock: Clock = {
  now: systemClock.now,
  monotonicMs: () => systemClock.monotonicMs() / 10,
  sleep: (ms, signal) => systemClock.sleep(ms * 10, signal),
}

describeWith(['rabbitmq'], 'RabbitMQ', () => {
  let server: RabbitmqServer
  const undo: (() => unknown)[] = []

  beforeAll(async () => {
    server = await startRabbitmq(programFor('rabbitmq'))
  })
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })
  afterAll(() => server.stop())

  function open({ url = server.url, clock = systemClock }: { url?: string; clock?: Clock } = {}): Broker {
    const broker = rabbitmqBroker({ url, clock })
    undo.push(() => broker.close())
    return broker
  }

  /** Does what operators and strangers do. */
  async function openStranger(): Promise<Channel> {
    const connection = new Connection(server.url)
    connection.on('error', () => {})
    const channel = await connection.acquire()
    undo.push(async () => {
      await channel.close()
      await connection.close()
    })
    return channel
  }

  const consumersAt = async (stranger: Channel, line: Line): Promise<number> =>
    (await stranger.queueDeclare({ queue: queueOf(line), passive: true })).consumerCount

  const isPublished = (broker: Broker, dispatch: Dispatch): Promise<boolean> =>
    broker.publish([dispatch]).then(
      () => true,
      (error: unknown) => {
        if (hasCode(error, 'BROKER_UNAVAILABLE')) return false
        throw error
      },
    )

  /** Takes until all of these have come, whatever happens meanwhile. */
  async function takeEach(broker: Broker, dispatches: readonly Dispatch[]): Promise<void> {
    const missing = new Set(idsIn(dispatches))
    const takeSome = async (): Promise<boolean> => {
      const delivery = await take(broker, dispatches, { max: 100, waitMs: 500 })
      for (const id of idsOf(delivery)) missing.delete(id)
      await delivery?.acknowledge(idsOf(delivery).length)
      return missing.size === 0
    }
    await eventually(() => takeSome().catch(() => false), { timeoutMs: 30_000, what: 'all that was published' })
  }

  describe('a queue that is deleted', () => {
    test('is made again, and its taker gets what comes then', async () => {
      const [broker, taker, line] = [open(), open(), newLine()]
      await broker.publish([newDispatch(line)])
      await takeAll(taker, line)
      const waiting = take(taker, line, { waitMs: 20_000 })
      await (await openStranger()).queueDelete(queueOf(line))
      const dispatch = newDispatch(line)
      await broker.publish([dispatch])
      expect(idsOf(await waiting)).toEqual([dispatch.taskId])
    })

    test('loses nothing that is published later, by however many', async () => {
      const [broker, line] = [open(), newLine()]
      await broker.publish([newDispatch(line)])
      await (await openStranger()).queueDelete(queueOf(line))
      const dispatches = newDispatches(line, 20)
      await Promise.all(dispatches.map((dispatch) => broker.publish([dispatch])))
      expect((await takeAll(open(), line)).sort()).toEqual(idsIn(dispatches).sort())
    })

    test('is not declared again before its time, though another publication comes meanwhile', async () => {
      let endPauses = (): void => {}
      const pausing = new Promise<void>((resolve) => {
        endPauses = resolve
      })
      let pauses = 0
      const sleep: Clock['sleep'] = (ms, signal) => {
        if (ms !== REDECLARE_MS) return systemClock.sleep(ms, signal)
        pauses++
        return pausing
      }
      const [broker, line, stranger] = [open({ clock: { ...systemClock, sleep } }), newLine(), await openStranger()]
      await broker.publish([newDispatch(line)])
      await stranger.queueDelete(queueOf(line))
      const dispatches = newDispatches(line, 2)
      const publishing = dispatches.map((dispatch) => broker.publish([dispatch]))
      await eventually(() => pauses === dispatches.length)
      await expect(consumersAt(stranger, line)).rejects.toThrow('NOT_FOUND')
      endPauses()
      await Promise.all(publishing)
      expect(new Set(await takeAll(open(), line))).toEqual(new Set(idsIn(dispatches)))
    })

    test('does not hinder those who hold what came from it', async () => {
      const [broker, taker, line] = [open(), open(), newLine()]
      await broker.publish(newDispatches(line, 10))
      const delivery = await take(taker, line, { max: 3 })
      await (await openStranger()).queueDelete(queueOf(line))
      await delivery?.acknowledge(3)
      const dispatches = newDispatches(line, 5)
      await broker.publish(dispatches)
      await takeEach(taker, dispatches)
    })

    test('delivers also where RabbitMQ took its taker for one of the queue that followed at once', async () => {
      let skippedMs = 0
      const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + skippedMs }
      const [broker, taker, line] = [open(), open({ clock }), newLine()]
      await broker.publish([newDispatch(line)])
      await takeAll(taker, line)
      const waiting = take(taker, line, { waitMs: 1_000 })
      const stranger = await openStranger()
      await Promise.all([stranger.queueDelete(queueOf(line)), declareQueue(stranger, queueOf(line))])
      skippedMs = 60_000
      const dispatches = newDispatches(line, 5)
      await broker.publish(dispatches)
      await (await waiting)?.release()
      await takeEach(taker, dispatches)
    })
  })

  describe('a taker', () => {
    test('gives back within a moment what it does not ask for, and is none any more', async () => {
      const [broker, other, line] = [open(), open(), newLine()]
      const dispatches = newDispatches(line, 300)
      await broker.publish(dispatches)
      for (let round = 0; round < 2; round++) {
        const delivery = await take(broker, line, { max: 50 })
        await delivery?.acknowledge(50)
        for (const id of idsOf(delivery)) dispatches.splice(idsIn(dispatches).indexOf(id), 1)
      }
      await within(2_000, takeEach(other, dispatches), 'what the other one held')
      const stranger = await openStranger()
      await eventually(async () => (await consumersAt(stranger, line)) === 0, { what: 'no consumers' })
    })

    test('keeps no lower class from others while it is served a higher one', async () => {
      const [broker, other, high] = [open({ clock: slowClock }), open(), newLine({ priority: 'critical' })]
      const low: Line = { ...high, type: newLine().type, priority: 'low' }
      const dispatches = newDispatches(low, 2).map((dispatch) => ({ ...dispatch, rankMs: dispatch.rankMs + 1e9 }))
      await broker.publish(dispatches)
      const left = new Set<string>(idsIn(dispatches))
      const takeOne = async (client: Broker, from: readonly Line[]): Promise<void> => {
        const delivery = await take(client, from, { max: 1, waitMs: 100 })
        for (const id of idsOf(delivery)) left.delete(id)
        await delivery?.acknowledge(1)
      }
      let isOver = false
      const serveHigh = async (): Promise<void> => {
        while (!isOver) {
          await broker.publish(newDispatches(high, 100))
          for (let takes = 0; takes < 100 && !isOver; takes++) await takeOne(broker, [high, low])
        }
      }
      // Ahead of those that are taken, so that they never run out.
      await broker.publish(newDispatches(high, 100))
      const serving = serveHigh()
      const isHeld = async () => ((await other.depths([low])) ?? [])[0] !== left.size
      await eventually(isHeld, { what: 'the first one to hold some of the lower class' })
      const takeAnother = async () => {
        await takeOne(other, [low])
        return left.size === 0
      }
      await eventually(takeAnother, { timeoutMs: 15_000, what: 'those of the lower class' }).finally(() => {
        isOver = true
      })
      await serving
    })

    test('gets a lower class only when a higher one has run out', async () => {
      const [broker, line] = [open({ clock: slowClock }), newLine({ priority: 'low' })]
      const low = newDispatches(line, 200).map((dispatch) => ({ ...dispatch, rankMs: dispatch.rankMs + 1_000 }))
      const critical = newDispatches({ ...line, priority: 'critical' }, 200)
      await broker.publish([...low, ...critical])
      const taken: string[] = []
      // Until all have come, and not until none comes for a moment: that a busy machine has too.
      while (taken.length < 400) {
        const delivery = await take(broker, line, { max: 10, waitMs: 500 })
        expect(delivery, `something to come after ${taken.length}`).toBeDefined()
        taken.push(...idsOf(delivery))
        await delivery?.acknowledge(idsOf(delivery).length)
      }
      expect(new Set(taken.slice(0, 200))).toEqual(new Set(idsIn(critical)))
    })

    test('acknowledges those it was given, and no other that came before them', async () => {
      const [broker, other, line] = [open(), open(), newLine()]
      const another: Line = { ...line, type: newLine().type }
      // In each line the smallest ranks come last.
      const dispatches = newDispatches(line, 20).map((dispatch, index) =>
        index % 2 ? dispatch : { ...dispatch, ...another, taskId: dispatch.taskId },
      )
      await broker.publish(dispatches.toReversed())
      const delivery = await take(broker, [line, another], { max: 10 })
      const taken = new Set(idsOf(delivery))
      await delivery?.acknowledge(10)
      await broker.close()
      const left = await takeAll(other, [line, another])
      expect(left.sort()).toEqual(
        idsIn(dispatches)
          .filter((id) => !taken.has(id))
          .sort(),
      )
    })

    test('gets what comes also when it asks again and again without waiting', async () => {
      const [broker, other, line] = [open(), open(), newLine()]
      await broker.publish([newDispatch(line)])
      await takeAll(broker, line)
      const dispatch = newDispatch(line)
      const publishing = other.publish([dispatch])
      let delivery: Delivery | undefined
      for (let takes = 0; takes < 5_000 && !delivery; takes++) delivery = await take(broker, line, { waitMs: 0 })
      expect(idsOf(delivery)).toEqual([dispatch.taskId])
      await publishing
    })

    test('passes over what is no word of a task', async () => {
      const [broker, line] = [open(), newLine()]
      const dispatch = newDispatch(line)
      await broker.publish([newDispatch(line)])
      await takeAll(broker, line)
      await (await openStranger()).basicPublish(queueOf(line), 'hello')
      await broker.publish([dispatch])
      expect(await takeAll(broker, line)).toEqual([dispatch.taskId])
      expect(await broker.depths([line])).toEqual([0])
    })

    test('makes no queue for a line that nobody published to', async () => {
      const [broker, line] = [open(), newLine()]
      await take(broker, line, { waitMs: 50 })
      const passive = (await openStranger()).queueDeclare({ queue: queueOf(line), passive: true })
      await expect(passive).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })
  })

  test('counts the messages that wait, without those out with a consumer', async () => {
    const [broker, other, line] = [open(), open(), newLine()]
    await broker.publish(newDispatches(line, 5))
    const delivery = await take(broker, line, { max: 2 })
    await expect.poll(() => other.depths([line, newLine()]), { timeout: 5_000 }).toEqual([3, 0])
    await delivery?.release()
    await expect.poll(() => other.depths([line]), { timeout: 5_000 }).toEqual([5])
  })

  test('refuses a line whose queue is not ours, and no other', async () => {
    const [broker, line] = [open(), newLine()]
    await (await openStranger()).queueDeclare({ queue: queueOf(line), durable: true })
    await expect(broker.publish([newDispatch(line)])).rejects.toMatchObject(AWAY)
    const dispatch = newDispatch(newLine())
    await broker.publish([dispatch])
    expect(await takeAll(broker, dispatch)).toEqual([dispatch.taskId])
  })

  test('leaves nothing in flight to a queue that does not confirm, publishes to others, and to it once it does', async () => {
    const [broker, line] = [open(), newLine()]
    await broker.publish([newDispatch(line)])
    const onProcessOf = (verb: string): string =>
      `{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"${queueOf(line)}">>)), sys:${verb}(amqqueue:get_pid(Q)).`
    server.run('eval', onProcessOf('suspend'))
    undo.push(() => server.run('eval', onProcessOf('resume')))
    await expect(broker.publish([newDispatch(line)])).rejects.toMatchObject(AWAY)
    // A busy RabbitMQ may drop the whole connection with the channel that it cannot close: the next one carries.
    const others = newDispatch(newLine())
    await eventually(() => isPublished(broker, others), { timeoutMs: 15_000, what: 'another queue to be published to' })
    // It closes a channel only after it has asked the queue in vain.
    const isForgotten = async (): Promise<boolean> =>
      !server.run('list_channels', '--no-table-headers', 'messages_unconfirmed').includes('1')
    await eventually(isForgotten, { timeoutMs: 15_000, what: 'the message to be forgotten' })
    server.run('eval', onProcessOf('resume'))
    const dispatch = newDispatch(line)
    await eventually(() => isPublished(broker, dispatch), { timeoutMs: 15_000, what: 'the queue to be published to' })
    await takeEach(open(), [dispatch])
  })

  test('is reached as guest where no user is named', async () => {
    await expect(open({ url: `amqp://127.0.0.1:${server.port}` }).ping()).resolves.toBeUndefined()
  })

  test('says that it is away, and why, when it does not let us in or is not there', async () => {
    for (const [url, reason] of [
      [`amqp://guest:wrong@127.0.0.1:${server.port}`, /ACCESS_REFUSED/],
      ['amqp://127.0.0.1:1', /ECONNREFUSED/],
    ] as const) {
      const [broker, line] = [open({ url }), newLine()]
      const failure = expect.objectContaining({
        ...AWAY,
        message: expect.stringMatching(reason),
        cause: expect.any(Error),
      })
      const calls = [broker.ping(), broker.publish([newDispatch(line)]), broker.depths([line]), take(broker, line)]
      expect(await Promise.all(calls.map((call) => call.catch((error: unknown) => error)))).toEqual(
        calls.map(() => failure),
      )
    }
  })

  test('refuses at once to publish while it lacks room, and delivers', async () => {
    const [broker, taker, line] = [open(), open(), newLine()]
    const [first, second] = newDispatches(line, 2) as [Dispatch, Dispatch]
    await broker.publish([first])
    expect(await takeAll(taker, line)).toEqual([first.taskId])
    await broker.publish([second])
    server.run('set_disk_free_limit', '1000000000000000')
    undo.push(() => server.run('set_disk_free_limit', '50000000'))
    await expect(broker.publish([newDispatch(line)])).rejects.toMatchObject({ ...AWAY, message: /disk/ })
    expect(await takeAll(taker, line)).toEqual([second.taskId])
    server.run('set_disk_free_limit', '50000000')
    await eventually(
      () =>
        broker.ping().then(
          () => true,
          () => false,
        ),
      { what: 'publishing to be possible again' },
    )
  })

  test('that was killed comes back with what it was told, and is used again by those who waited', async () => {
    const [broker, taker, line] = [open(), open(), newLine()]
    const dispatches = newDispatches(line, 100)
    await broker.publish(dispatches)
    const declaredAt = performance.now()
    const delivery = await take(taker, line, { max: 10 })
    const waiting = take(taker, newLine(), { waitMs: 60_000 })
    const end = expect(waiting).rejects.toMatchObject(AWAY)
    await eventually(() => performance.now() - declaredAt > 1_000, {
      what: 'RabbitMQ to have saved that there is a new queue, which it does every half second',
    })
    await server.kill()
    await end
    await expect(delivery?.acknowledge(10)).resolves.toBeUndefined()
    const newcomer = open()
    for (const client of [broker, taker, newcomer]) await expect(client.ping()).rejects.toMatchObject(AWAY)
    await server.start()
    await takeEach(taker, dispatches)
    const later = newDispatch(line)
    await eventually(
      () =>
        newcomer.publish([later]).then(
          () => true,
          () => false,
        ),
      { what: 'the newcomer' },
    )
    await takeEach(taker, [later])
  })

  test('of which nothing comes any more is noticed, and reached anew, within 15 seconds', async () => {
    const proxy = await halfOpenProxy(server.port)
    undo.push(() => proxy.close())
    const [broker, line] = [open({ url: `amqp://127.0.0.1:${proxy.port}` }), newLine()]
    await broker.publish([newDispatch(line)])
    await takeAll(broker, line)
    const waiting = take(broker, line, { waitMs: 60_000 })
    proxy.swallow()
    await expect(within(4_000, broker.publish([newDispatch(line)]))).rejects.toMatchObject(AWAY)
    await within(
      15_000,
      (async () => {
        await expect(waiting).rejects.toMatchObject(AWAY)
        const dispatch = newDispatch(line)
        await eventually(
          () =>
            broker.publish([dispatch]).then(
              () => true,
              () => false,
            ),
          { timeoutMs: 15_000 },
        )
        await takeEach(broker, [dispatch])
      })(),
    )
  })
})
