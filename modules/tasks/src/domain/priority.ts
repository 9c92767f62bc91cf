/**
 * Priority with ageing.
 *
 * A class does not jump the line; it moves the moment a task counts as waiting
 * since (its rank). Claims take the smallest rank, so one ordered index serves
 * them, a higher class goes first, and a task of a lower class is overtaken only
 * by tasks that arrive within its head start: nothing starves.
 */
export const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const

export type Priority = (typeof PRIORITIES)[number]

/**
 * By how much each class is taken to have waited longer (negative: less long), in milliseconds.
 * A low task is therefore behind every normal one of the next ten minutes, and ahead of later ones.
 */
export const HEAD_START_MS = {
  critical: 3_600_000,
  high: 600_000,
  normal: 0,
  low: -600_000,
} as const satisfies Record<Priority, number>

/** The moment a task counts as waiting since: what claims are ordered by. */
export function rankOf(priority: Priority, readyAt: Date): Date {
  return new Date(readyAt.getTime() - HEAD_START_MS[priority])
}
