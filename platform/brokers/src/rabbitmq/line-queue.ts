import { createHash } from 'node:crypto'
import type { Line } from '@taskflow/tasks'
import type { Channel } from 'rabbitmq-client'

// RabbitMQ 3 keeps the name of a quorum queue, with that of its virtual host, in an Erlang atom: 255 characters.
const LONGEST_NAME = 200

/** These are part of a queue's identity: other ones need another name, or RabbitMQ refuses the declaration. */
const ARGUMENTS = {
  'x-queue-type': 'quorum',
  // A day without a taker. What waited there is then published again by the reconciler, as anything that was lost.
  'x-expires': 86_400_000,
  // Word given back unread is no failure, but RabbitMQ 4 drops it after 20 times, and 3.10 knows no "without limit".
  'x-delivery-limit': 1_000_000,
} as const

/**
 * To pass between the deletion of a queue and its declaration anew. At once, and
 * RabbitMQ (3.10) takes a consumer of the old queue for one of the new, delivers to
 * it and drops what it delivers.
 */
export const REDECLARE_MS = 500

/** The queue of a line. Names hold letters, digits and `. _ : -`, so that with slashes between no two lines share a queue. */
export function queueOf({ project, queue, type, priority }: Line): string {
  const names = `${project}/${queue}/${type}`
  const whole = `taskflow/${names}/${priority}`
  return whole.length <= LONGEST_NAME
    ? whole
    : `taskflow/${createHash('sha256').update(names).digest('hex')}/${priority}`
}

/** Makes the queue where it is missing. Resolves with how many messages wait in it; those out with takers are not counted. */
export async function declareQueue(channel: Channel, queue: string): Promise<number> {
  const { messageCount } = await channel.queueDeclare({ queue, durable: true, arguments: ARGUMENTS })
  return messageCount
}
