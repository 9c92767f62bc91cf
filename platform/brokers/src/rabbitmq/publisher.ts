import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, TaskFlowError } from '@taskflow/kernel'
import type { Dispatch, Line } from '@taskflow/tasks'
import type { Channel } from 'rabbitmq-client'
import { lastingChannel } from './lasting-channel.ts'
import { declareDirectory, enterLine, sayName } from './line-directory.ts'
import { declareQueue, queueOf, REDECLARE_MS } from './line-queue.ts'
import type { Link } from './link.ts'
import { encodeMessage } from './message.ts'

// In flight at once, so that a call with tens of thousands needs no more memory than this many.
const BATCH = 1_000

export interface Publisher {
  /** Resolves when RabbitMQ has confirmed each: it is then on disk, with most of the nodes where there are several. */
  publish(dispatches: readonly Dispatch[]): Promise<void>
  /** How many messages wait in each line's queue. */
  waitingIn(lines: readonly Line[]): Promise<number[]>
  ping(): Promise<void>
}

/**
 * Publishes straight to the lines' queues. Before the first message of a
 * connection a queue is declared, and the takers are told. It may be deleted later;
 * messages are `mandatory`, so that RabbitMQ returns what has no queue, which is
 * then declared and published anew. Of two publications under way each may publish anew what came back to the other:
 * a message that comes twice finds its task claimed.
 */
export function publisher(link: Link, clock: Pick<Clock, 'sleep'>): Publisher {
  const declared = new Map<string, Promise<void>>()
  const returns = new Map<string, number>()
  const confirming = lastingChannel(link, async (channel) => {
    channel.once('close', () => declared.clear())
    channel.on('basic.return', ({ routingKey }) => returns.set(routingKey, returnsOf(routingKey) + 1))
    await channel.confirmSelect()
  })
  // Of its own: RabbitMQ closes the channel of a declaration it refuses, with all that is in flight there.
  const asking = lastingChannel(link, declareDirectory)

  const returnsOf = (queue: string): number => returns.get(queue) ?? 0

  async function count(queue: string): Promise<number> {
    const channel = await asking()
    return link.ask(() => declareQueue(channel, queue))
  }

  async function tellTakers(queue: string): Promise<void> {
    const channel = await asking()
    await link.ask(() => enterLine(channel, queue))
    await link.ask(() => sayName(channel, queue))
  }

  function declare(queue: string, earliest = Promise.resolve()): Promise<void> {
    const declaring = earliest.then(() => count(queue)).then(() => tellTakers(queue))
    declared.set(queue, declaring)
    declaring.catch(() => {
      if (declared.get(queue) === declaring) declared.delete(queue)
    })
    return declaring
  }

  const declareOnce = (queue: string): Promise<void> => declared.get(queue) ?? declare(queue)

  /** Whoever sends there meanwhile waits as well: a queue must not be back before its time, whoever brings it. */
  function declareAgain(queue: string): void {
    void declare(queue, clock.sleep(REDECLARE_MS))
  }

  /** Resolves with those of queues from which something came back, because they are gone. */
  async function send(dispatches: readonly Dispatch[]): Promise<Dispatch[]> {
    const channel = await confirming()
    const lines = [...Map.groupBy(dispatches, queueOf)]
    await Promise.all(lines.map(([queue]) => declareOnce(queue)))
    const before = lines.map(([queue]) => returnsOf(queue))
    await link
      .ask(() => Promise.all(lines.flatMap(([queue, those]) => those.map((each) => put(channel, queue, each)))))
      .catch((error: unknown) => {
        // What a queue does not confirm, because most of its nodes are gone, both sides would remember as long as the channel lives.
        // Another publication under way there is then lost with it, and told later by the reconciler.
        void channel.close()
        throw error
      })
    // The client tells of a return one turn later than of the confirmation that follows it.
    await nextTurn()
    const gone = lines.filter(([queue], index) => returnsOf(queue) !== before[index])
    for (const [queue] of gone) declareAgain(queue)
    return gone.flatMap(([, those]) => those)
  }

  return {
    async publish(dispatches) {
      for (let at = 0; at < dispatches.length; at += BATCH) {
        const cameBack = await send(dispatches.slice(at, at + BATCH))
        if (cameBack.length === 0) continue
        if ((await send(cameBack)).length === 0) continue
        throw new TaskFlowError('BROKER_UNAVAILABLE', 'RabbitMQ has no queue for messages though it was just declared')
      }
    },
    async waitingIn(lines) {
      const counts: number[] = []
      for (const queue of lines.map(queueOf)) {
        const waiting = await count(queue)
        // A taker that has not heard of the line does so now, whatever was lost.
        if (waiting > 0) await tellTakers(queue)
        counts.push(waiting)
      }
      return counts
    },
    async ping() {
      const channel = await asking()
      await link.ask(() => channel.basicQos({}))
    },
  }
}

function put(channel: Channel, queue: string, dispatch: Dispatch): Promise<void> {
  return channel.basicPublish({ routingKey: queue, durable: true, mandatory: true }, encodeMessage(dispatch))
}
