const FIRST_MS = 50
const LAST_MS = 2_000

/** Pauses that double while something fails, and start again at the shortest once it works. */
export function growingPause() {
  let nextMs = FIRST_MS
  return {
    reset(): void {
      nextMs = FIRST_MS
    },
    next(): number {
      const ms = nextMs
      nextMs = Math.min(nextMs * 2, LAST_MS)
      return ms
    },
  }
}
