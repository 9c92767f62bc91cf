/** Slots of every worker, unless its documentation says better. */
export const SLOTS = 100
/** Submissions that a caller keeps in flight. */
export const AT_ONCE = 50
