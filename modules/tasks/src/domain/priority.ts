/**
 * Priority with ageing.
 *
 * Every task has a rank: the moment since which it counts as waiting. A priority class moves this moment by its head
 * start. Claims take the smallest rank, so that one ordered index serves all of them. A task is overtaken only by tasks of
 * higher classes that arrive within the difference of their head starts, so that no class starves.
 */
export const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const

export type Priority = (typeof PRIORITIES)[number]

/**
 * The additional time that a task of each class counts as having waited, in milliseconds. A `low` task therefore comes
 * after every `normal` task of the next ten minutes, and before all later ones.
 */
export const HEAD_START_MS = {
  critical: 3_600_000,
  high: 600_000,
  normal: 0,
  low: -600_000,
} as const satisfies Record<Priority, number>

/** Returns the rank of a task: the moment since which it counts as waiting. */
export function rankOf(priority: Priority, readyAt: Date): Date {
  return new Date(readyAt.getTime() - HEAD_START_MS[priority])
}
