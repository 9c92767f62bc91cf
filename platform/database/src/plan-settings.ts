/**
 * Settings that rule out plans which read or sort a whole table. Every statement addresses rows by a key or reads one
 * index in order. The planner would often decide otherwise, because the statistics are always wrong: tables fill and
 * empty a thousand times a minute, and the partition of a day may be a minute old.
 *
 * Hash joins stay: they join arrays of a thousand rows, and without a sequential scan they cannot read a whole table.
 */
export const PLAN_SETTINGS = { enable_seqscan: 'off', enable_mergejoin: 'off', jit: 'off' } as const
