import {
  brokerConformance,
  describeWith,
  programFor,
  type RabbitmqServer,
  startRabbitmq,
  systemClock,
} from '@taskflow/testing'
import { afterAll, beforeAll } from 'vitest'
import { rabbitmqBroker } from './rabbitmq-broker.ts'

describeWith(['rabbitmq'], 'on a RabbitMQ', () => {
  let server: RabbitmqServer
  beforeAll(async () => {
    server = await startRabbitmq(programFor('rabbitmq'))
  })
  afterAll(() => server.stop())

  brokerConformance({
    name: 'rabbitmq',
    open: async () => rabbitmqBroker({ url: server.url, clock: systemClock }),
    exceptions: {
      'counts for each subqueue what waits and what is out':
        'AMQP reports how many messages wait in a queue, but not how many are out with other clients',
      'gives the smallest rank of a subqueue first, also when it came last':
        'a queue keeps the order of arrival, which in a subqueue is the order of rank except for repeated dispatches',
    },
  })
})
