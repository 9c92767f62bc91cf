/**
 * Every statement of ours addresses rows by a key or walks one index in order.
 * Statistics of tables that fill and empty a thousand times a minute, or of a
 * day's partition that began a minute ago, are always wrong, and a plan made from
 * them may read or sort a whole table. Such plans are ruled out for each statement. Hash joins stay: without a
 * sequential scan they cannot reach a table, and arrays of a thousand rows are joined to each other by them.
 */
export const PLAN_SETTINGS = { enable_seqscan: 'off', enable_mergejoin: 'off', jit: 'off' } as const
