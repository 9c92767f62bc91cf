import { redisBroker } from '@taskflow/brokers/redis'
import { systemClock } from '@taskflow/testing/system-clock'
import { taskflowOver } from './taskflow-producer.ts'

export const peer = taskflowOver(async ({ redisUrl }) => redisBroker({ url: redisUrl, clock: systemClock }))
