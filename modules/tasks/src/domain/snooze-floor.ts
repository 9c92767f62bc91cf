/**
 * Limits how often a task may be snoozed for a moment. A snooze uses no attempt but stores one, so that a handler that
 * snoozes its task for no time at all would fill the database for ever.
 *
 * A task that has had `free` attempts within `windowMs` is snoozed for at least `floorMs`: on average it runs about
 * once a second. Handlers that snooze for longer do not notice.
 */
export const SNOOZE_FLOOR = { free: 10, windowMs: 10_000, floorMs: 1_000 } as const
