import { createHash } from 'node:crypto'
import type { Subqueue } from '@taskflow/tasks'
import type { Channel } from 'rabbitmq-client'

// RabbitMQ 3 stores the name of a quorum queue and of its virtual host in one Erlang atom, which holds 255 characters.
const LONGEST_NAME = 200

/** RabbitMQ refuses to declare an existing queue with other arguments: another value needs another name. */
const ARGUMENTS = {
  'x-queue-type': 'quorum',
  // RabbitMQ deletes a queue that had no consumer for a day. The reconciler publishes again what the queue held.
  'x-expires': 86_400_000,
  // A message returned unread is no failure, but RabbitMQ 4 drops it after 20 returns, and 3.10 has no "unlimited".
  'x-delivery-limit': 1_000_000,
} as const

// Both names are shared with workers of earlier versions, so they stay.
const NAMES = 'taskflow/names'
const CONSUMERS = 'taskflow/takers'

/**
 * The pause before a deleted queue is declared again. RabbitMQ 3.10 assigns the consumers of a deleted queue to a queue
 * that is declared at once under the same name, and drops what it delivers to them.
 */
export const REDECLARE_MS = 500

/** Returns the queue of a subqueue. Names hold letters, digits and `. _ : -`, so the slashes keep subqueues apart. */
export function queueOf({ project, queue, type, priority }: Subqueue): string {
  const names = `${project}/${queue}/${type}`
  const whole = `taskflow/${names}/${priority}`
  return whole.length <= LONGEST_NAME
    ? whole
    : `taskflow/${createHash('sha256').update(names).digest('hex')}/${priority}`
}

/** Declares the queue. Resolves with the number of messages that wait in it, without those out with consumers. */
export async function declareQueue(channel: Channel, queue: string): Promise<number> {
  const { messageCount } = await channel.queueDeclare({ queue, durable: true, arguments: ARGUMENTS })
  return messageCount
}

/**
 * Declares the exchanges by which consumers learn which queues are in use: a queue is in use if its name is bound from
 * the first exchange to the second. A worker could take from queues × types × classes subqueues, and few of them ever
 * hold a task. A quorum queue for each would be a waste, and RabbitMQ logs an error when a missing queue is consumed.
 */
export async function declareExchanges(channel: Channel): Promise<void> {
  await channel.exchangeDeclare({ exchange: NAMES, type: 'direct', durable: true })
  await channel.exchangeDeclare({ exchange: CONSUMERS, type: 'fanout', durable: true })
}

/** Declares the queue, marks it as in use, and announces it. Resolves as `declareQueue` does. */
export async function introduceQueue(channel: Channel, queue: string): Promise<number> {
  const waiting = await declareQueue(channel, queue)
  await channel.exchangeBind({ source: NAMES, destination: CONSUMERS, routingKey: queue })
  await announce(channel, queue)
  return waiting
}

/** Sends the name to all consumers if the queue is in use, and to nobody otherwise. */
export const announce = (channel: Channel, queue: string): Promise<void> =>
  channel.basicPublish({ exchange: NAMES, routingKey: queue }, queue)

/** Calls back with each name that is announced, as long as the channel is open. */
export async function listen(channel: Channel, onName: (queue: string) => void): Promise<void> {
  await declareExchanges(channel)
  const options = { exclusive: true, autoDelete: true, arguments: { 'x-queue-type': 'classic' } } as const
  const { queue } = await channel.queueDeclare(options)
  await channel.queueBind({ exchange: CONSUMERS, queue })
  await channel.basicConsume({ queue, noAck: true }, ({ body }) => onName(String(body)))
}
