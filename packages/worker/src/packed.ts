import type { Order } from './order.ts'

/**
 * Packs what travels between agent and runner in large numbers into flat arrays. A structured clone of objects repeats
 * the name of each property and takes three times as long.
 */

/** The fields of each order, one order after the other. */
export type PackedOrders = readonly (Order[keyof Order] | null)[]

/** The key and the result of each attempt that succeeded, one attempt after the other. */
export type PackedSuccesses = readonly (number | string)[]

const WIDTH = 12

/** Most tasks have no labels, and the clone of an empty object costs as much as that of all other fields together. */
function orNull(labels: Order['labels']): Order['labels'] | null {
  for (const _ in labels) return labels
  return null
}

export function packOrders(orders: readonly Order[]): PackedOrders {
  const packed: (Order[keyof Order] | null)[] = []
  for (const order of orders) {
    packed.push(order.key, order.taskId, order.leaseId, order.project, order.type, order.queue)
    packed.push(
      order.payload,
      order.attempt,
      order.maxAttempts,
      orNull(order.labels),
      order.createdAt,
      order.heartbeatMs,
    )
  }
  return packed
}

export function unpackOrders(packed: PackedOrders): Order[] {
  const orders: Order[] = []
  for (let at = 0; at < packed.length; at += WIDTH) {
    orders.push({
      key: packed[at] as number,
      taskId: packed[at + 1] as string,
      leaseId: packed[at + 2] as string,
      project: packed[at + 3] as string,
      type: packed[at + 4] as string,
      queue: packed[at + 5] as string,
      payload: packed[at + 6] as string,
      attempt: packed[at + 7] as number,
      maxAttempts: packed[at + 8] as number,
      labels: (packed[at + 9] as Order['labels'] | null) ?? {},
      createdAt: packed[at + 10] as number,
      heartbeatMs: packed[at + 11] as number | null,
    })
  }
  return orders
}
