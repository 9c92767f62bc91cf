import { brokerLogLines } from '@taskflow/brokers'
import { databaseLogLines } from '@taskflow/database'
import { type Clock, type ErrorCode, type Events, hasCode, kernelLogLines, type LogLines } from '@taskflow/kernel'
import { ROOMS, sumOf } from '@taskflow/rooms'
import type { Log } from '@taskflow/worker'

const ALL_LINES: LogLines = sumOf('log line of the event', [
  ['platform/kernel', kernelLogLines],
  ['platform/database', databaseLogLines],
  ['platform/brokers', brokerLogLines],
  ...ROOMS.map(({ name, logLines }) => [`room ${name}`, logLines] as const),
])

interface Detail {
  readonly error?: unknown
}

/** A listener for any event, because the emitter has a different type for each event. */
type AnyListener = (detail?: Detail) => void

/**
 * Writes events to the log of the process. While a database is unavailable every service fails many times a second, so
 * a line that repeats is written twice a minute. The loss of a broker is logged once, and the errors that follow from
 * it are suppressed until it returns.
 */
export function logEvents(events: Events, log: Log, clock: Pick<Clock, 'monotonicMs'>): void {
  let isBrokerLost = false
  events.on('broker.lost', () => {
    isBrokerLost = true
  })
  events.on('broker.returned', () => {
    isBrokerLost = false
  })
  const isDue = twiceAMinute(clock)

  for (const [name, line] of Object.entries(ALL_LINES)) {
    const level = line.level as string | ((detail?: Detail) => string)
    const listener: AnyListener = (detail = {}) => {
      const { error, ...rest } = detail
      const shown = line.isRepeated ? namesIn(rest) : rest
      if (line.isRepeated) {
        if (isBrokerLost && hasCode(error, 'BROKER_UNAVAILABLE')) return
        if (!isDue(`${line.message} ${JSON.stringify(shown)} ${reasonOf(error)}`)) return
      }
      const written = typeof level === 'function' ? level(detail) : level
      log[written as 'info']({ ...shown, ...(error !== undefined && describe(error)) }, line.message)
    }
    events.on(name as 'worker.lost', listener as () => void)
  }
}

/** Keeps the texts of a detail and omits its counts, which differ each time; the metrics have their sums. */
const namesIn = (detail: object): object =>
  Object.fromEntries(Object.entries(detail).filter(([, value]) => typeof value === 'string'))

const REPEAT_AFTER_MS = 30_000
// A line may name its task, so that each is another: more than these in half a minute nobody reads.
const MAX_LINES = 1_000

/** Whether a line of this key may be written now. Keeps the moments in their order, so that the oldest are forgotten. */
function twiceAMinute(clock: Pick<Clock, 'monotonicMs'>): (key: string) => boolean {
  const writtenAt = new Map<string, number>()
  return (key) => {
    const now = clock.monotonicMs()
    for (const [oldest, at] of writtenAt) {
      if (now - at < REPEAT_AFTER_MS) break
      writtenAt.delete(oldest)
    }
    if (writtenAt.has(key) || writtenAt.size >= MAX_LINES) return false
    writtenAt.set(key, now)
    return true
  }
}

function reasonOf(error: unknown): string {
  if (error === undefined) return ''
  const { code, message } = error as Error & { code?: string }
  return code ?? message
}

const OUTAGES: readonly unknown[] = ['DATABASE_UNAVAILABLE', 'BROKER_UNAVAILABLE'] satisfies ErrorCode[]

/** Describes an outage by its message only. Any other error is a bug and is logged with its stack. */
function describe(error: unknown): object {
  const { code, message } = error as Error & { code?: string }
  return OUTAGES.includes(code) ? { reason: message } : { err: error }
}
