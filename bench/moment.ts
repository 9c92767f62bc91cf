/**
 * Milliseconds of the machine's monotonic clock, with fractions. Every process of one machine reads the same one, so a
 * moment that one process notes can be compared with another's; no step of the wall clock comes between.
 */
export const nowMs = (): number => performance.now() + offsetMs

const [seconds, nanoseconds] = process.hrtime()
const offsetMs = seconds * 1_000 + nanoseconds / 1e6 - performance.now()
