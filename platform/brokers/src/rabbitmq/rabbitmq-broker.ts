import type { Clock } from '@taskflow/kernel'
import type { Broker } from '@taskflow/tasks'
import { openLink } from './link.ts'
import { publisher } from './publisher.ts'
import { taker } from './taker.ts'

interface Options {
  /** Of a RabbitMQ, 3.10 or newer, with its user, password and virtual host: `amqp://user:password@host:5672/vhost`. */
  readonly url: string
  readonly clock: Clock
}

/**
 * Carries word of tasks in RabbitMQ: a quorum queue for each line, and a message
 * for each task with its id and rank. Connects when it is first used, so that a
 * process starts while RabbitMQ is away.
 *
 * Publishing and taking have a connection each: RabbitMQ stops reading from one
 * that publishes while it is low on memory or disk, and takers must go on then.
 */
export function rabbitmqBroker({ url, clock }: Options): Broker {
  const publishing = openLink({ url, clock, name: 'taskflow publishes' })
  const taking = openLink({ url, clock, name: 'taskflow takes' })
  const publishes = publisher(publishing, clock)
  const takes = taker({ taking, publishing, clock })

  return {
    name: 'rabbitmq',
    publish: publishes.publish,
    take: takes.take,
    /**
     * AMQP does not tell what is out with takers, so those of other processes are
     * not counted. They hold little, and not for long; a task that is thought
     * lost for it is published twice, and its claim makes that harmless.
     */
    async depths(lines) {
      const waiting = await publishes.waitingIn(lines)
      return lines.map((line, index) => (waiting[index] ?? 0) + takes.heldOf(line))
    },
    ping: publishes.ping,
    async close() {
      takes.close()
      await Promise.all([publishing.close(), taking.close()])
    },
  }
}
