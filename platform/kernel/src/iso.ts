/** A moment as replies give it: ISO 8601 in UTC, or null. */
export const iso = (moment: Date | null): string | null => moment?.toISOString() ?? null
