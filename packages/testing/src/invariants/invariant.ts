/** The sentence of each invariant that is broken, and the query that finds who breaks it: an id, and a detail or null. */
export type Queries = Readonly<Record<string, string>>

/**
 * Moments are those at which transactions began. One that waited, for a lock or for its turn, has an earlier moment than what it
 * then found done; so order in time is asked for only beyond this.
 */
export const SLACK = `interval '2 s'`
