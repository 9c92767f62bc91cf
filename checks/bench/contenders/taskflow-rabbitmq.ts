import { rabbitmqBroker } from '@taskflow/brokers/rabbitmq'
import { systemClock } from '@taskflow/testing/system-clock'
import { taskflowOver } from './taskflow-producer.ts'

export const peer = taskflowOver(async ({ amqpUrl }) => rabbitmqBroker({ url: amqpUrl, clock: systemClock }))
