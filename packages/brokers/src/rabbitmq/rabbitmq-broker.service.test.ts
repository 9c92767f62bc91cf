import { describeWith, programFor, type RabbitmqServer, startRabbitmq, systemClock } from '@taskflow/testing'
import { brokerConformance } from '@taskflow/testing/broker-conformance'
import { afterAll, beforeAll } from 'vitest'
import { rabbitmqBroker } from './rabbitmq-broker.ts'

describeWith(['rabbitmq'], 'on one server', () => {
  let server: RabbitmqServer
  beforeAll(async () => {
    server = await startRabbitmq(programFor('rabbitmq'))
  })
  afterAll(() => server.stop())
  brokerConformance({ name: 'rabbitmq', open: async () => rabbitmqBroker({ url: server.url, clock: systemClock }) })
})
