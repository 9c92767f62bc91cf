import { drawQueues, type QueueShare } from '@taskflow/fleet'

/** The queues of one take. */
export interface QueueChoice {
  readonly queues: readonly string[]
  /** Whether the queues are to be served in this order; otherwise the smallest rank goes first over all of them. */
  readonly isDrawn: boolean
}

/** Chooses the queues of each take: drawn by their weights where one has a weight, otherwise all alike. */
export function queueChoice(shares: readonly QueueShare[], random: () => number): () => QueueChoice {
  const isDrawn = shares.some(({ weight }) => weight !== undefined)
  const queues = shares.map(({ queue }) => queue)
  return () => ({ queues: isDrawn ? drawQueues(shares, random) : queues, isDrawn })
}
