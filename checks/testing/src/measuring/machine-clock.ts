/**
 * Milliseconds of the machine's monotonic clock, with fractions. All processes of one machine read the same clock, so
 * that a moment noted by one process can be compared with a moment noted by another; steps of the wall clock do not
 * matter. Each call reads the clock again: an offset to `performance.now()` would be wrong by as long as a busy machine
 * takes between two readings.
 */
export function nowMs(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1_000 + nanoseconds / 1e6
}
