/** Percentiles of the values between two samples; null where there were none. */
export interface Spread {
  readonly count: number
  readonly p50: number | null
  readonly p99: number | null
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null
  return { count: sorted.length, p50: at(0.5), p99: at(0.99) }
}
