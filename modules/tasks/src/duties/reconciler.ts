import type { Events, PeriodicService, TaskFlowEvents } from '@taskflow/kernel'
import { type DutyDeps, duty } from '@taskflow/kernel'
import type { Broker, Dispatch, Line } from '../dispatch/broker.ts'
import { PRIORITIES } from '../domain/priority.ts'
import type { QueuedTask, TaskDutyStore } from '../ports/duty-store.ts'

interface Deps extends DutyDeps {
  readonly storage: Pick<TaskDutyStore, 'countQueuedTasks' | 'listQueuedTasks'>
  readonly broker: Pick<Broker, 'depths' | 'publish'>
}

interface Gap {
  readonly line: Line
  readonly missing: number
}

const INTERVAL_MS = 30_000
// At most one part in fifty of a connection's time goes into counting, but a wiped broker is not left alone for longer than this.
const PAUSE_PER_WORK = 50
const LONGEST_PAUSE_MS = 300_000
// Word of a task that became queued later than this may be on its way: so long a publication may wait for a broker.
const SETTLED_MS = 5_000
// What was dropped until all processes had noticed that the broker is back is settled by then.
const AFTER_RETURN_MS = 2 * SETTLED_MS
const PAGE = 1_000
// A broker that has to be asked for each line may take a millisecond for it.
const LINES_AT_ONCE = 500

/**
 * Tells the broker of the queued tasks of which it lost word, or never had any (P2).
 *
 * It knows only numbers: how many tasks of a line are queued, and how many words of that line the
 * broker holds or has out with a taker. The difference is what is missing at least, and so many of
 * the oldest tasks are told again. They may not be the very ones whose words were lost: then a few
 * words are doubled, which a claim makes harmless, and the lost ones are told when they are the
 * oldest themselves, which is when their turn comes. A backlog of which nothing was lost is left alone.
 *
 * The broker is asked first and the tasks are counted then: a task that is claimed between the two looks lowers
 * the count, so that too few are told and the next round tells the rest. The other way round each would
 * seem to be missing. A task that becomes queued between them raises the count instead; since no more are told of a line than
 * had settled before, a line that is served in seconds sees no double at all, and a longer one at most as
 * many as arrive within a few milliseconds.
 */
export function reconciler({ storage, broker, ...deps }: Deps): PeriodicService {
  const { clock, events } = deps
  let hasReturned = false

  async function findGaps(): Promise<Gap[]> {
    const settled = await storage.countQueuedTasks(SETTLED_MS)
    if (settled.length === 0) return []
    const depths = await depthsOf(settled.map(({ line }) => line))
    const counts = new Map((await storage.countQueuedTasks(0)).map(({ line, count }) => [keyOf(line), count]))
    const gaps = settled.map(({ line, count }, index) => ({
      line,
      missing: Math.min(count, (counts.get(keyOf(line)) ?? 0) - (depths[index] ?? 0)),
    }))
    return gaps.filter(({ missing }) => missing > 0).toSorted((a, b) => urgencyOf(a) - urgencyOf(b))
  }

  async function depthsOf(lines: readonly Line[]): Promise<readonly number[]> {
    const depths: number[] = []
    for (let from = 0; from < lines.length; from += LINES_AT_ONCE)
      depths.push(...((await broker.depths(lines.slice(from, from + LINES_AT_ONCE))) ?? []))
    return depths
  }

  async function* oldestOf({ line, missing }: Gap): AsyncGenerator<readonly Dispatch[]> {
    let after: QueuedTask | undefined
    for (let left = missing; left > 0; ) {
      const limit = Math.min(PAGE, left)
      const page = await storage.listQueuedTasks(line, { limit, ...(after && { after }) })
      if (page.length > 0) yield page
      // Workers have taken the others meanwhile.
      if (page.length < limit) return
      left -= page.length
      after = page.at(-1)
    }
  }

  async function fill(gaps: readonly Gap[], isOver: () => boolean): Promise<void> {
    let count = 0
    try {
      for (const gap of gaps) {
        for await (const page of oldestOf(gap)) {
          if (isOver()) return
          await broker.publish(page)
          count += page.length
        }
      }
    } finally {
      if (count > 0) events.emit('dispatches.reconciled', { count })
    }
  }

  const service = duty({
    ...deps,
    name: 'reconciler',
    intervalMs: INTERVAL_MS,
    async round(isOver) {
      // Nothing can be missing where the database itself keeps the lines.
      if ((await broker.depths([])) === undefined) return undefined
      const isAfterReturn = hasReturned
      hasReturned = false
      const startedMs = clock.monotonicMs()
      const gaps = await findGaps()
      const workMs = clock.monotonicMs() - startedMs
      await fill(gaps, isOver)
      if (isAfterReturn) return AFTER_RETURN_MS
      return Math.min(LONGEST_PAUSE_MS, Math.max(INTERVAL_MS, PAUSE_PER_WORK * workMs))
    },
  })

  return {
    ...service,
    wake() {
      hasReturned = true
      service.wake()
    },
  }
}

const keyOf = ({ project, queue, type, priority }: Line): string => JSON.stringify([project, queue, type, priority])

/** A wiped broker has critical tasks again before the many others. */
const urgencyOf = ({ line }: Gap): number => PRIORITIES.indexOf(line.priority)

/**
 * Wakes the reconciler whenever the broker of this process came back, or the database: what was committed when that went was told to no
 * broker, and claims that it forgot were acknowledged. Returns the way to stop.
 */
export function reconcileWhenReturned(wake: () => void, events: Events): () => void {
  const wakeForPrimary = ({ database }: TaskFlowEvents['database.returned'][0]): void => {
    if (database === 'primary') wake()
  }
  events.on('broker.returned', wake)
  events.on('database.returned', wakeForPrimary)
  return () => {
    events.off('broker.returned', wake)
    events.off('database.returned', wakeForPrimary)
  }
}
