import type { Clock } from '@taskflow/kernel'
import type { Broker } from '@taskflow/tasks'
import { openConnection } from './connection.ts'
import { RabbitmqConsumer } from './consumer.ts'
import { rabbitmqPublisher } from './publisher.ts'

interface Options {
  /** The address of a RabbitMQ, 3.10 or newer: `amqp://user:password@host:5672/vhost`. */
  readonly url: string
  readonly clock: Clock
}

/**
 * Carries dispatches in RabbitMQ: one quorum queue for each subqueue, and one message for each task, with its id and
 * rank. Connects on the first call, so a process starts while RabbitMQ is unavailable.
 *
 * Publishing and consuming have a connection each: RabbitMQ stops reading from a connection that publishes while memory
 * or disk run low, and workers must go on then.
 */
export function rabbitmqBroker({ url, clock }: Options): Broker {
  const publishing = openConnection({ url, clock, name: 'taskflow publishes' })
  const consuming = openConnection({ url, clock, name: 'taskflow consumes' })
  const publisher = rabbitmqPublisher(publishing, clock)
  const consumer = new RabbitmqConsumer({ connection: consuming, publisher, clock })

  return {
    name: 'rabbitmq',
    publish: publisher.publish,
    take: (options) => consumer.take(options),
    /**
     * Counts no messages that are out with consumers, which AMQP does not report. They are few and soon settled. The
     * reconciler may publish some of these tasks twice, which the claim makes harmless.
     */
    depths: publisher.countWaiting,
    ping: publisher.ping,
    async close() {
      consumer.close()
      await Promise.all([publishing.close(), consuming.close()])
    },
  }
}
