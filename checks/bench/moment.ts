/**
 * Milliseconds of the machine's monotonic clock, with fractions. Every process of one machine reads the same one, so a
 * moment that one process notes can be compared with another's; no step of the wall clock comes between. It is read anew
 * each time: an offset to `performance.now()` would be wrong by as long as a busy machine takes between two readings.
 */
export function nowMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1_000 + nanoseconds / 1e6
}
