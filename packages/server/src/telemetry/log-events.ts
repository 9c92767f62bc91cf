import type { Events, TaskFlowEvents } from '@taskflow/core'
import type { Logger } from 'pino'

type Tellers = { readonly [Name in keyof TaskFlowEvents]?: (...detail: TaskFlowEvents[Name]) => void }

/** Writes to the process's log what an operator should hear of. What happens all the time is counted instead. */
export function logEvents(events: Events, log: Logger): void {
  const tellers: Tellers = {
    'worker.registered': (detail) => log.info(detail, 'The worker is registered'),
    'worker.replaced': (detail) => log.warn(detail, 'The worker was declared dead and carries on under a new id'),
    'worker.buried': (detail) => log.warn(detail, 'A worker stopped giving signs of life and was declared dead'),
    'worker.stopped': (detail) => log.info(detail, 'The worker has stopped'),
    'tasks.rescued': (detail) => log.warn(detail, 'Tasks of a dead worker are back in their queue'),
    'tasks.expired': (detail) => log.info(detail, 'Tasks expired before a worker could end them'),
    'lease.lost': (detail) => log.warn(detail, 'A result was refused: its lease was lost'),
    'runner.crashed': (detail) => log.error(detail, 'A runner of handlers ended against its will'),
    'partitions.dropped': (detail) => log.info(detail, 'Days past retention were dropped'),
    'round.failed': tellFailures(log),
  }
  for (const [name, teller] of Object.entries(tellers)) events.on(name as keyof TaskFlowEvents, teller as () => void)
}

const QUIET_MS = 30_000

/** While a database is away every service fails many times a second. Each tells so twice a minute; all of it is counted. */
function tellFailures(log: Logger): (...detail: TaskFlowEvents['round.failed']) => void {
  const toldAt = new Map<string, number>()
  return ({ service, error }) => {
    const { code, message } = error as Error & { code?: string }
    const key = `${service} ${code ?? message}`
    const now = performance.now()
    if (now - (toldAt.get(key) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return
    toldAt.set(key, now)
    const isExpected = code === 'DATABASE_UNAVAILABLE'
    // What is no outage is a bug, and its place is worth the lines.
    log.warn(
      isExpected ? { service, reason: message } : { service, err: error },
      'A round failed; the next one follows',
    )
  }
}
