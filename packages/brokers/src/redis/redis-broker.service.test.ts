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

describeWith(['redis'], 'on one server', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis(programFor('redis'))
  })
  afterAll(() => server.stop())
  brokerConformance({ name: 'redis', open: async () => redisBroker({ url: server.url, clock: systemClock }) })
})

describeWith(['redis'], 'on two servers', () => {
  let servers: readonly RedisServer[]
  beforeAll(async () => {
    servers = await Promise.all([startRedis(programFor('redis')), startRedis(programFor('redis'))])
  })
  afterAll(() => Promise.all(servers.map((server) => server.stop())))
  const [high, low] = [() => servers[0]?.url ?? '', () => servers[1]?.url ?? '']
  brokerConformance({
    name: 'redis',
    open: async () => redisBroker({ url: high(), lowUrl: low(), clock: systemClock }),
  })
})

describeWith(['redis'], 'on a cluster', () => {
  let servers: RedisCluster
  beforeAll(async () => {
    servers = await startRedisCluster(programFor('redis'))
  })
  afterAll(() => servers.stop())
  brokerConformance({
    name: 'redis',
    open: async () => redisBroker({ url: servers.urls[0] ?? '', clock: systemClock }),
  })
})
