import type { Channel } from 'rabbitmq-client'

// Whoever says the name of a line here is heard there, provided that the line has been entered.
const NAMES = 'taskflow/names'
const TAKERS = 'taskflow/takers'

/**
 * Which lines are in use, kept in RabbitMQ itself as bindings between two
 * exchanges. Of all queues, types and classes of which a worker could take, few
 * ever have a task; a quorum queue for each of the others would be a waste, and to
 * look for one that is missing is an error that RabbitMQ logs.
 */
export async function declareDirectory(channel: Channel): Promise<void> {
  await channel.exchangeDeclare({ exchange: NAMES, type: 'direct', durable: true })
  await channel.exchangeDeclare({ exchange: TAKERS, type: 'fanout', durable: true })
}

export async function enterLine(channel: Channel, queue: string): Promise<void> {
  await channel.exchangeBind({ source: NAMES, destination: TAKERS, routingKey: queue })
}

/** All takers hear it, where the line has been entered; otherwise nobody does. */
export async function sayName(channel: Channel, queue: string): Promise<void> {
  await channel.basicPublish({ exchange: NAMES, routingKey: queue }, queue)
}

/** Resolves with the name of the queue by which the channel hears. */
export async function hearNames(channel: Channel, onHeard: (said: string) => void): Promise<string> {
  await declareDirectory(channel)
  const { queue } = await channel.queueDeclare({
    exclusive: true,
    autoDelete: true,
    arguments: { 'x-queue-type': 'classic' },
  })
  await channel.queueBind({ exchange: TAKERS, queue })
  await channel.basicConsume({ queue, noAck: true }, ({ body }) => onHeard(String(body)))
  return queue
}
