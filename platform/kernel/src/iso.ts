/** Formats a moment as in replies: ISO 8601 in UTC, or null. */
export const iso = (moment: Date | null): string | null => moment?.toISOString() ?? null
