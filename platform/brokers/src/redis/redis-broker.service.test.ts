import {
  describeWith,
  programFor,
  type RedisCluster,
  type RedisServer,
  startRedis,
  startRedisCluster,
  systemClock,
} from '@taskflow/testing'
import { brokerConformance } from '@taskflow/testing/broker-conformance'
import { afterAll, beforeAll } from 'vitest'
import { redisBroker } from './redis-broker.ts'

const clock = systemClock

describeWith(['redis'], 'on one server', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis(programFor('redis'))
  })
  afterAll(() => server.stop())

  brokerConformance({ name: 'redis', open: async () => redisBroker({ url: server.url, clock }) })
})

describeWith(['redis'], 'on two servers', () => {
  let high: RedisServer
  let low: RedisServer
  beforeAll(async () => {
    ;[high, low] = await Promise.all([startRedis(programFor('redis')), startRedis(programFor('redis'))])
  })
  afterAll(() => Promise.all([high.stop(), low.stop()]))

  brokerConformance({ name: 'redis', open: async () => redisBroker({ url: high.url, lowUrl: low.url, clock }) })
})

describeWith(['redis'], 'on a cluster', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await startRedisCluster(programFor('redis'))
  })
  afterAll(() => cluster.stop())

  brokerConformance({ name: 'redis', open: async () => redisBroker({ url: cluster.urls[0] ?? '', clock }) })
})
