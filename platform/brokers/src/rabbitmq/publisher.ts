import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, TaskFlowError } from '@taskflow/kernel'
import type { Dispatch, Subqueue } from '@taskflow/tasks'
import type { Channel } from 'rabbitmq-client'
import type { RabbitmqConnection } from './connection.ts'
import { encodeMessage } from './message.ts'
import { announce, declareExchanges, introduceQueue, queueOf, REDECLARE_MS } from './subqueue.ts'

// The number of messages in flight at once. It bounds the memory that a call with tens of thousands needs.
const BATCH = 1_000

export interface RabbitmqPublisher {
  /** Resolves when RabbitMQ has confirmed each message: it is then on disk, on most nodes of a cluster. */
  publish(dispatches: readonly Dispatch[]): Promise<void>
  /** Makes RabbitMQ send the names of those queues that are in use to all consumers. */
  announceInUse(queues: readonly string[]): Promise<void>
  /** Counts the messages that wait in the queue of each subqueue, without those out with consumers. */
  countWaiting(subqueues: readonly Subqueue[]): Promise<number[]>
  ping(): Promise<void>
}

/**
 * Publishes to the queues of the subqueues, through the default exchange.
 *
 * Before the first message of a connection to a queue, the queue is declared and announced. It may be deleted later:
 * messages are `mandatory`, so RabbitMQ returns those without a queue, which is then declared again and published to
 * once more. A publication may repeat messages that were not returned, which the claim makes harmless.
 */
export function rabbitmqPublisher(connection: RabbitmqConnection, clock: Pick<Clock, 'sleep'>): RabbitmqPublisher {
  const introduced = new Map<string, Promise<number>>()
  const returns = new Map<string, number>()

  const confirming = connection.reopening(async (channel) => {
    channel.once('close', () => introduced.clear())
    channel.on('basic.return', ({ routingKey }) => returns.set(routingKey, (returns.get(routingKey) ?? 0) + 1))
    await channel.confirmSelect()
  })
  // A channel of its own: RabbitMQ closes the channel of a declaration that it refuses, with all that is in flight.
  const declaring = connection.reopening(declareExchanges)

  async function onDeclaring<Result>(run: (channel: Channel) => Promise<Result>): Promise<Result> {
    const channel = await declaring()
    return connection.call(() => run(channel))
  }

  const introduce = (queue: string): Promise<number> => onDeclaring((channel) => introduceQueue(channel, queue))

  function introduceOnce(queue: string): Promise<number> {
    const current = introduced.get(queue)
    if (current) return current
    const introduction = introduce(queue)
    introduced.set(queue, introduction)
    introduction.catch(() => introduced.delete(queue))
    return introduction
  }

  /** Resolves with the dispatches for queues that returned a message. */
  async function send(dispatches: readonly Dispatch[]): Promise<Dispatch[]> {
    const channel = await confirming()
    const byQueue = [...Map.groupBy(dispatches, queueOf)]
    await Promise.all(byQueue.map(([queue]) => introduceOnce(queue)))
    const before = new Map(returns)
    const confirmations = () => byQueue.flatMap(([queue, those]) => those.map((each) => put(channel, queue, each)))
    await connection
      .call(() => Promise.all(confirmations()))
      .catch((error: unknown) => {
        // Both sides keep a message that a queue without a majority never confirms as long as the channel lives.
        // Other publications under way fail with it; the reconciler publishes theirs again.
        void channel.close()
        throw error
      })
    // The client reports a return one turn later than the confirmation that follows the return.
    await nextTurn()
    return byQueue.filter(([queue]) => returns.get(queue) !== before.get(queue)).flatMap(([, those]) => those)
  }

  async function sendAgain(dispatches: readonly Dispatch[]): Promise<void> {
    await clock.sleep(REDECLARE_MS)
    for (const dispatch of dispatches) introduced.delete(queueOf(dispatch))
    if ((await send(dispatches)).length === 0) return
    throw new TaskFlowError('BROKER_UNAVAILABLE', 'RabbitMQ has no queue for messages though it was just declared')
  }

  return {
    async publish(dispatches) {
      for (let at = 0; at < dispatches.length; at += BATCH) {
        const returned = await send(dispatches.slice(at, at + BATCH))
        if (returned.length > 0) await sendAgain(returned)
      }
    },
    async announceInUse(queues) {
      await onDeclaring((channel) => Promise.all(queues.map((queue) => announce(channel, queue))))
    },
    async countWaiting(subqueues) {
      const counts: number[] = []
      // Announced too, so that consumers that have missed a queue learn about it in each round of the reconciler.
      for (const subqueue of subqueues) counts.push(await introduce(queueOf(subqueue)))
      return counts
    },
    ping: () => onDeclaring((channel) => channel.basicQos({})),
  }
}

function put(channel: Channel, queue: string, dispatch: Dispatch): Promise<void> {
  return channel.basicPublish({ routingKey: queue, durable: true, mandatory: true }, encodeMessage(dispatch))
}
