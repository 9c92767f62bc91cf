import { type Clock, hasCode } from '@taskflow/kernel'
import type { Broker, Delivery, Dispatch, Subqueue } from '@taskflow/tasks'
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
  newSubqueue,
  take,
  takeAll,
} from '@taskflow/testing/broker-conformance/given'
import { type Channel, Connection } from 'rabbitmq-client'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { rabbitmqBroker } from './rabbitmq-broker.ts'
import { declareQueue, queueOf, REDECLARE_MS } from './subqueue.ts'

const UNAVAILABLE = { code: 'BROKER_UNAVAILABLE' }

/** Runs at a tenth of the speed, so that no time limit is too short for a busy machine. */
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

  /** Opens a channel for actions of operators and other programs. */
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

  const consumersAt = async (stranger: Channel, subqueue: Subqueue): Promise<number> =>
    (await stranger.queueDeclare({ queue: queueOf(subqueue), passive: true })).consumerCount

  const isPublished = (broker: Broker, dispatch: Dispatch): Promise<boolean> =>
    broker.publish([dispatch]).then(
      () => true,
      (error: unknown) => {
        if (hasCode(error, 'BROKER_UNAVAILABLE')) return false
        throw error
      },
    )

  /** Takes until all of these dispatches have arrived, despite failures. */
  async function takeEach(broker: Broker, dispatches: readonly Dispatch[]): Promise<void> {
    const missing = new Set(idsIn(dispatches))
    const takeSome = async (): Promise<boolean> => {
      const delivery = await take(broker, dispatches, { max: 100, waitMs: 500 })
      for (const id of idsOf(delivery)) missing.delete(id)
      await delivery?.acknowledge(idsOf(delivery).length)
      return missing.size === 0
    }
    await eventually(() => takeSome().catch(() => false), { timeoutMs: 30_000, what: 'all published dispatches' })
  }

  describe('a queue that is deleted', () => {
    test('is declared again, and its consumer receives later dispatches', async () => {
      const [broker, consumer, subqueue] = [open(), open(), newSubqueue()]
      await broker.publish([newDispatch(subqueue)])
      await takeAll(consumer, subqueue)
      const waiting = take(consumer, subqueue, { waitMs: 20_000 })
      await (await openStranger()).queueDelete(queueOf(subqueue))
      const dispatch = newDispatch(subqueue)
      await broker.publish([dispatch])
      expect(idsOf(await waiting)).toEqual([dispatch.taskId])
    })

    test('loses nothing of what many callers publish later', async () => {
      const [broker, subqueue] = [open(), newSubqueue()]
      await broker.publish([newDispatch(subqueue)])
      await (await openStranger()).queueDelete(queueOf(subqueue))
      const dispatches = newDispatches(subqueue, 20)
      await Promise.all(dispatches.map((dispatch) => broker.publish([dispatch])))
      expect((await takeAll(open(), subqueue)).sort()).toEqual(idsIn(dispatches).sort())
    })

    test('is not declared again too early, although another publication comes meanwhile', async () => {
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
      const [broker, subqueue, stranger] = [
        open({ clock: { ...systemClock, sleep } }),
        newSubqueue(),
        await openStranger(),
      ]
      await broker.publish([newDispatch(subqueue)])
      await stranger.queueDelete(queueOf(subqueue))
      const dispatches = newDispatches(subqueue, 2)
      const publishing = dispatches.map((dispatch) => broker.publish([dispatch]))
      await eventually(() => pauses === dispatches.length)
      await expect(consumersAt(stranger, subqueue)).rejects.toThrow('NOT_FOUND')
      endPauses()
      await Promise.all(publishing)
      expect(new Set(await takeAll(open(), subqueue))).toEqual(new Set(idsIn(dispatches)))
    })

    test('does not affect consumers that hold its messages', async () => {
      const [broker, consumer, subqueue] = [open(), open(), newSubqueue()]
      await broker.publish(newDispatches(subqueue, 10))
      const delivery = await take(consumer, subqueue, { max: 3 })
      await (await openStranger()).queueDelete(queueOf(subqueue))
      await delivery?.acknowledge(3)
      const dispatches = newDispatches(subqueue, 5)
      await broker.publish(dispatches)
      await takeEach(consumer, dispatches)
    })

    test('delivers also when RabbitMQ assigned its consumer to a queue that was declared again at once', async () => {
      let skippedMs = 0
      const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + skippedMs }
      const [broker, consumer, subqueue] = [open(), open({ clock }), newSubqueue()]
      await broker.publish([newDispatch(subqueue)])
      await takeAll(consumer, subqueue)
      const waiting = take(consumer, subqueue, { waitMs: 1_000 })
      const stranger = await openStranger()
      await Promise.all([stranger.queueDelete(queueOf(subqueue)), declareQueue(stranger, queueOf(subqueue))])
      skippedMs = 60_000
      const dispatches = newDispatches(subqueue, 5)
      await broker.publish(dispatches)
      await (await waiting)?.release()
      await takeEach(consumer, dispatches)
    })
  })

  describe('a consumer', () => {
    test('soon returns the messages that it does not take, and then ends', async () => {
      const [broker, other, subqueue] = [open(), open(), newSubqueue()]
      const dispatches = newDispatches(subqueue, 300)
      await broker.publish(dispatches)
      for (let round = 0; round < 2; round++) {
        const delivery = await take(broker, subqueue, { max: 50 })
        await delivery?.acknowledge(50)
        for (const id of idsOf(delivery)) dispatches.splice(idsIn(dispatches).indexOf(id), 1)
      }
      await within(2_000, takeEach(other, dispatches), 'the messages that the first consumer held')
      const stranger = await openStranger()
      await eventually(async () => (await consumersAt(stranger, subqueue)) === 0, { what: 'no consumers' })
    })

    test('withholds no lower class from others while it takes a higher one', async () => {
      const [broker, other, high] = [open({ clock: slowClock }), open(), newSubqueue({ priority: 'critical' })]
      const low: Subqueue = { ...high, type: newSubqueue().type, priority: 'low' }
      const dispatches = newDispatches(low, 2).map((dispatch) => ({ ...dispatch, rankMs: dispatch.rankMs + 1e9 }))
      await broker.publish(dispatches)
      const left = new Set<string>(idsIn(dispatches))
      const takeOne = async (client: Broker, from: readonly Subqueue[]): Promise<void> => {
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
      // Published in advance, so that the higher class never runs out.
      await broker.publish(newDispatches(high, 100))
      const serving = serveHigh()
      const isHeld = async () => ((await other.depths([low])) ?? [])[0] !== left.size
      await eventually(isHeld, { what: 'the first consumer to hold messages of the lower class' })
      const takeAnother = async () => {
        await takeOne(other, [low])
        return left.size === 0
      }
      await eventually(takeAnother, { timeoutMs: 15_000, what: 'the tasks of the lower class' }).finally(() => {
        isOver = true
      })
      await serving
    })

    test('receives a lower class only when a higher one has run out', async () => {
      const [broker, subqueue] = [open({ clock: slowClock }), newSubqueue({ priority: 'low' })]
      const low = newDispatches(subqueue, 200).map((dispatch) => ({ ...dispatch, rankMs: dispatch.rankMs + 1_000 }))
      const critical = newDispatches({ ...subqueue, priority: 'critical' }, 200)
      await broker.publish([...low, ...critical])
      const taken: string[] = []
      // Ends when all have arrived, not at the first pause: a busy machine pauses too.
      while (taken.length < 400) {
        const delivery = await take(broker, subqueue, { max: 10, waitMs: 500 })
        expect(delivery, `a delivery after ${taken.length}`).toBeDefined()
        taken.push(...idsOf(delivery))
        await delivery?.acknowledge(idsOf(delivery).length)
      }
      expect(new Set(taken.slice(0, 200))).toEqual(new Set(idsIn(critical)))
    })

    test('acknowledges the messages it took, and no earlier ones', async () => {
      const [broker, other, subqueue] = [open(), open(), newSubqueue()]
      const another: Subqueue = { ...subqueue, type: newSubqueue().type }
      // In each subqueue the smallest ranks arrive last.
      const dispatches = newDispatches(subqueue, 20).map((dispatch, index) =>
        index % 2 ? dispatch : { ...dispatch, ...another, taskId: dispatch.taskId },
      )
      await broker.publish(dispatches.toReversed())
      const delivery = await take(broker, [subqueue, another], { max: 10 })
      const taken = new Set(idsOf(delivery))
      await delivery?.acknowledge(10)
      await broker.close()
      const left = await takeAll(other, [subqueue, another])
      expect(left.sort()).toEqual(
        idsIn(dispatches)
          .filter((id) => !taken.has(id))
          .sort(),
      )
    })

    test('receives messages also when it takes repeatedly without waiting', async () => {
      const [broker, other, subqueue] = [open(), open(), newSubqueue()]
      await broker.publish([newDispatch(subqueue)])
      await takeAll(broker, subqueue)
      const dispatch = newDispatch(subqueue)
      const publishing = other.publish([dispatch])
      let delivery: Delivery | undefined
      for (let takes = 0; takes < 5_000 && !delivery; takes++) delivery = await take(broker, subqueue, { waitMs: 0 })
      expect(idsOf(delivery)).toEqual([dispatch.taskId])
      await publishing
    })

    test('skips a foreign message', async () => {
      const [broker, subqueue] = [open(), newSubqueue()]
      const dispatch = newDispatch(subqueue)
      await broker.publish([newDispatch(subqueue)])
      await takeAll(broker, subqueue)
      await (await openStranger()).basicPublish(queueOf(subqueue), 'hello')
      await broker.publish([dispatch])
      expect(await takeAll(broker, subqueue)).toEqual([dispatch.taskId])
      expect(await broker.depths([subqueue])).toEqual([0])
    })

    test('declares no queue for a subqueue without publications', async () => {
      const [broker, subqueue] = [open(), newSubqueue()]
      await take(broker, subqueue, { waitMs: 50 })
      const passive = (await openStranger()).queueDeclare({ queue: queueOf(subqueue), passive: true })
      await expect(passive).rejects.toMatchObject({ code: 'NOT_FOUND' })
    })
  })

  test('counts the messages that wait, without those out with a consumer', async () => {
    const [broker, other, subqueue] = [open(), open(), newSubqueue()]
    await broker.publish(newDispatches(subqueue, 5))
    const delivery = await take(broker, subqueue, { max: 2 })
    await expect.poll(() => other.depths([subqueue, newSubqueue()]), { timeout: 5_000 }).toEqual([3, 0])
    await delivery?.release()
    await expect.poll(() => other.depths([subqueue]), { timeout: 5_000 }).toEqual([5])
  })

  test('refuses only the subqueue whose queue another program has declared', async () => {
    const [broker, subqueue] = [open(), newSubqueue()]
    await (await openStranger()).queueDeclare({ queue: queueOf(subqueue), durable: true })
    await expect(broker.publish([newDispatch(subqueue)])).rejects.toMatchObject(UNAVAILABLE)
    const dispatch = newDispatch(newSubqueue())
    await broker.publish([dispatch])
    expect(await takeAll(broker, dispatch)).toEqual([dispatch.taskId])
  })

  test('abandons messages to a queue that does not confirm, publishes to others, and to that queue once it confirms', async () => {
    const [broker, subqueue] = [open(), newSubqueue()]
    await broker.publish([newDispatch(subqueue)])
    const onProcessOf = (verb: string): string =>
      `{ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"${queueOf(subqueue)}">>)), sys:${verb}(amqqueue:get_pid(Q)).`
    server.run('eval', onProcessOf('suspend'))
    undo.push(() => server.run('eval', onProcessOf('resume')))
    await expect(broker.publish([newDispatch(subqueue)])).rejects.toMatchObject(UNAVAILABLE)
    // A busy RabbitMQ may drop the whole connection with a channel that it cannot close: the next connection works.
    const others = newDispatch(newSubqueue())
    await eventually(() => isPublished(broker, others), { timeoutMs: 15_000, what: 'another queue to be published to' })
    // RabbitMQ closes a channel only after its request to the queue has timed out.
    const isDropped = async (): Promise<boolean> =>
      !server.run('list_channels', '--no-table-headers', 'messages_unconfirmed').includes('1')
    await eventually(isDropped, { timeoutMs: 15_000, what: 'RabbitMQ to drop the message' })
    server.run('eval', onProcessOf('resume'))
    const dispatch = newDispatch(subqueue)
    await eventually(() => isPublished(broker, dispatch), { timeoutMs: 15_000, what: 'the queue to be published to' })
    await takeEach(open(), [dispatch])
  })

  test('is connected to as guest when the address names no user', async () => {
    await expect(open({ url: `amqp://127.0.0.1:${server.port}` }).ping()).resolves.toBeUndefined()
  })

  test('is reported unavailable, with the cause, when it refuses the login or does not run', async () => {
    for (const [url, reason] of [
      [`amqp://guest:wrong@127.0.0.1:${server.port}`, /ACCESS_REFUSED/],
      ['amqp://127.0.0.1:1', /ECONNREFUSED/],
    ] as const) {
      const [broker, subqueue] = [open({ url }), newSubqueue()]
      const failure = expect.objectContaining({
        ...UNAVAILABLE,
        message: expect.stringMatching(reason),
        cause: expect.any(Error),
      })
      const calls = [
        broker.ping(),
        broker.publish([newDispatch(subqueue)]),
        broker.depths([subqueue]),
        take(broker, subqueue),
      ]
      expect(await Promise.all(calls.map((call) => call.catch((error: unknown) => error)))).toEqual(
        calls.map(() => failure),
      )
    }
  })

  test('refuses publications at once while its disk is full, and still delivers', async () => {
    const [broker, consumer, subqueue] = [open(), open(), newSubqueue()]
    const [first, second] = newDispatches(subqueue, 2) as [Dispatch, Dispatch]
    await broker.publish([first])
    expect(await takeAll(consumer, subqueue)).toEqual([first.taskId])
    await broker.publish([second])
    server.run('set_disk_free_limit', '1000000000000000')
    undo.push(() => server.run('set_disk_free_limit', '50000000'))
    await expect(broker.publish([newDispatch(subqueue)])).rejects.toMatchObject({ ...UNAVAILABLE, message: /disk/ })
    expect(await takeAll(consumer, subqueue)).toEqual([second.taskId])
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

  test('that was killed returns with the published messages, and waiting clients use it again', async () => {
    const [broker, consumer, subqueue] = [open(), open(), newSubqueue()]
    const dispatches = newDispatches(subqueue, 100)
    await broker.publish(dispatches)
    const declaredAt = performance.now()
    const delivery = await take(consumer, subqueue, { max: 10 })
    const waiting = take(consumer, newSubqueue(), { waitMs: 60_000 })
    const end = expect(waiting).rejects.toMatchObject(UNAVAILABLE)
    await eventually(() => performance.now() - declaredAt > 1_000, {
      what: 'RabbitMQ to have saved that there is a new queue, which it does every half second',
    })
    await server.kill()
    await end
    await expect(delivery?.acknowledge(10)).resolves.toBeUndefined()
    const newClient = open()
    for (const client of [broker, consumer, newClient]) await expect(client.ping()).rejects.toMatchObject(UNAVAILABLE)
    await server.start()
    await takeEach(consumer, dispatches)
    const later = newDispatch(subqueue)
    await eventually(
      () =>
        newClient.publish([later]).then(
          () => true,
          () => false,
        ),
      { what: 'the new client to publish' },
    )
    await takeEach(consumer, [later])
  })

  test('that sends nothing any more is detected, and reconnected to, within 15 seconds', async () => {
    const proxy = await halfOpenProxy(server.port)
    undo.push(() => proxy.close())
    const [broker, subqueue] = [open({ url: `amqp://127.0.0.1:${proxy.port}` }), newSubqueue()]
    await broker.publish([newDispatch(subqueue)])
    await takeAll(broker, subqueue)
    const waiting = take(broker, subqueue, { waitMs: 60_000 })
    proxy.swallow()
    await expect(within(4_000, broker.publish([newDispatch(subqueue)]))).rejects.toMatchObject(UNAVAILABLE)
    await within(
      15_000,
      (async () => {
        await expect(waiting).rejects.toMatchObject(UNAVAILABLE)
        const dispatch = newDispatch(subqueue)
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
