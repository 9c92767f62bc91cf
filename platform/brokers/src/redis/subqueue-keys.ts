import type { Subqueue } from '@taskflow/tasks'

/**
 * Returns the key of a subqueue, which is also the channel of its notifications. The braces make a Redis Cluster keep all
 * subqueues of a queue in one slot, so that one script can access them together. Names contain no slash.
 */
export const subqueueKey = ({ project, queue, type, priority }: Subqueue): string =>
  `taskflow:{${project}/${queue}}:${type}:${priority}`

/** Returns the key of the set of tasks taken from a subqueue. It is no key of a subqueue: they end with a priority. */
export const takenKey = (subqueue: string): string => `${subqueue}:taken`
