import type { Order } from './protocol.ts'

/**
 * What comes by the thousand, as flat arrays: a structured clone of objects names each of their properties again, and
 * takes three times as long.
 */

/** The fields of each order, in turn. */
export type PackedOrders = readonly (Order[keyof Order] | null)[]

/** Key and result of each attempt that succeeded, in turn. */
export type PackedSuccesses = readonly (number | string)[]

const WIDTH = 12

/** An object costs as much as all else together, and most tasks have no labels. */
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
