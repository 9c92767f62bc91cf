import { type ErrorCode, type Events, hasCode, type TaskFlowEvents } from '@taskflow/core'
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
    'leader.elected': (detail) => log.info(detail, 'This process leads now and does the duties of all'),
    'leader.lost': (detail) =>
      log[detail.reason === 'resigned' ? 'info' : 'warn'](detail, 'This process leads no more'),
    'database.lost': (detail) => log.warn(detail, 'The database does not answer'),
    'database.returned': (detail) => log.info(detail, 'The database answers again'),
    'dispatches.reconciled': (detail) => log.info(detail, 'The broker was told again of tasks whose word it had lost'),
    'fetch.stalled': (detail) => log.error(detail, 'The fetch loop hung and was given up'),
    ...tellTroubles(log),
  }
  for (const [name, teller] of Object.entries(tellers)) events.on(name as keyof TaskFlowEvents, teller as () => void)
}

const QUIET_MS = 30_000

/** Says of each kind of thing whether it is to be told: twice a minute, however often it happens. All of it is counted. */
function seldom(): (kind: string) => boolean {
  const toldAt = new Map<string, number>()
  return (kind) => {
    const now = performance.now()
    if (now - (toldAt.get(kind) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return false
    toldAt.set(kind, now)
    return true
  }
}

const OUTAGES: readonly unknown[] = ['DATABASE_UNAVAILABLE', 'BROKER_UNAVAILABLE'] satisfies ErrorCode[]

/** While a database is away every service fails many times a second. Of a broker the loss is told, and then nothing that follows from it. */
function tellTroubles(log: Logger): Tellers {
  const isToBeTold = seldom()
  let isBrokerLost = false

  function tell(detail: object, error: unknown, message: string): void {
    if (isBrokerLost && hasCode(error, 'BROKER_UNAVAILABLE')) return
    const { code, message: reason } = error as Error & { code?: string }
    if (isToBeTold(`${message} ${JSON.stringify(detail)} ${code ?? reason}`)) warn(detail, error, message)
  }

  /** What is no outage is a bug, and its place is worth the lines. */
  function warn(detail: object, error: unknown, message: string): void {
    const { code, message: reason } = error as Error & { code?: string }
    log.warn({ ...detail, ...(OUTAGES.includes(code) ? { reason } : { err: error }) }, message)
  }

  return {
    'round.failed': ({ service, error }) => tell({ service }, error, 'A round failed; the next one follows'),
    'dispatches.dropped': ({ error }) =>
      tell({}, error, 'The broker was not told of queued tasks; the reconciler will tell it'),
    'acknowledgement.lost': ({ broker, error }) =>
      tell({ broker }, error, 'The broker did not hear what became of a delivery, and may repeat it'),
    'broker.lost': ({ broker, error }) => {
      isBrokerLost = true
      warn({ broker }, error, 'The broker does not answer: workers take from the database until it does')
    },
    'broker.returned': (detail) => {
      isBrokerLost = false
      log.info(detail, 'The broker answers again: workers take from it')
    },
  }
}
