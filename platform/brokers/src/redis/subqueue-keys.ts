import type { Line } from '@taskflow/tasks'

/**
 * The key of a line, and the channel of its word. The braces make a Redis
 * Cluster keep all lines of a queue in one slot, so that a script may touch
 * them together; a slash is in no name.
 */
export const subqueueKey = ({ project, queue, type, priority }: Line): string =>
  `taskflow:{${project}/${queue}}:${type}:${priority}`

/** Of the set of what is taken from a line. No line is called so: each ends with its priority. */
export const takenKey = (line: string): string => `${line}:taken`
