import type { Channel } from 'rabbitmq-client'

/** The deliveries of one channel that are neither acknowledged nor given back, in the order in which they came. */
export interface Unsettled {
  readonly size: number
  add(deliveryTag: number): void
  acknowledge(deliveryTags: readonly number[]): void
  /** Back into the queue, for whoever takes next. */
  giveBack(deliveryTags: readonly number[]): void
}

/** @param onSettled is called when some are settled: RabbitMQ may then deliver more */
export function unsettled(channel: Channel, onSettled: () => void): Unsettled {
  const tags = new Set<number>()

  /** One frame for all of them that no other precedes, and one for each of the others. */
  function settle(settled: readonly number[], tell: (deliveryTag: number, multiple: boolean) => void): void {
    // What a closed channel had delivered is in the queue again.
    if (!channel.active || settled.length === 0) return
    const left = new Set(settled)
    let last: number | undefined
    for (const tag of tags) {
      if (!left.delete(tag)) break
      tags.delete(tag)
      last = tag
    }
    if (last !== undefined) tell(last, true)
    for (const tag of left) if (tags.delete(tag)) tell(tag, false)
    onSettled()
  }

  return {
    get size() {
      return tags.size
    },
    add: (deliveryTag) => tags.add(deliveryTag),
    acknowledge: (settled) => settle(settled, (deliveryTag, multiple) => channel.basicAck({ deliveryTag, multiple })),
    giveBack: (settled) =>
      settle(settled, (deliveryTag, multiple) => channel.basicNack({ deliveryTag, multiple, requeue: true })),
  }
}
