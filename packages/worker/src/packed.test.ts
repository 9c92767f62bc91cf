import { expect, test } from 'vitest'
import type { Order } from './order.ts'
import { packOrders, unpackOrders } from './packed.ts'

const order = (key: number): Order => ({
  key,
  taskId: `task ${key}`,
  leaseId: `lease ${key}`,
  project: 'p',
  type: 't',
  queue: 'q',
  payload: '{"a":1}',
  attempt: 2,
  maxAttempts: 5,
  labels: key === 1 ? {} : { region: 'eu' },
  createdAt: 1_700_000_000_123.5,
  heartbeatMs: key === 1 ? null : 500,
})

test('unpacks orders as they were packed', () => {
  const orders = [order(1), order(2), order(3)]
  expect(unpackOrders(structuredClone(packOrders(orders)))).toEqual(orders)
})

test('packs and unpacks no orders', () => {
  expect(unpackOrders(packOrders([]))).toEqual([])
})
