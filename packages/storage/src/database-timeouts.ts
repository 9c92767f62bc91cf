// Longer than any statement of ours takes on a healthy server; shorter than a caller's patience.
export const STATEMENT_TIMEOUT_MS = 15_000

// Above the server's own, which is the better teller: it is for a network that swallows what is sent, where TCP
// alone would wait a quarter of an hour.
export const QUERY_TIMEOUT_MS = 18_000

export const CONNECT_TIMEOUT_MS = 5_000
