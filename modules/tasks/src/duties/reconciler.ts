import type { Events, PeriodicService, TaskFlowEvents } from '@taskflow/kernel'
import { type DutyDeps, duty } from '@taskflow/kernel'
import type { Broker, Dispatch, Subqueue } from '../dispatch/broker.ts'
import { PRIORITIES } from '../domain/priority.ts'
import type { QueuedTask, TaskDutyStore } from '../ports/duty-store.ts'

interface Deps extends DutyDeps {
  readonly storage: Pick<TaskDutyStore, 'countQueuedTasks' | 'listQueuedTasks'>
  readonly broker: Pick<Broker, 'depths' | 'publish'>
}

/** A subqueue with fewer dispatches in the broker than queued tasks. */
interface Gap {
  readonly subqueue: Subqueue
  readonly missing: number
}

const INTERVAL_MS = 30_000
// Counting takes at most 2 % of a connection's time, but a broker that lost everything waits no longer than the pause below.
const PAUSE_PER_WORK = 50
const LONGEST_PAUSE_MS = 300_000
// A dispatch may take this long to arrive, because a publication may wait for its broker.
const SETTLED_MS = 5_000
// By then, every task has settled whose dispatch was dropped before all processes noticed that the broker is available.
const AFTER_RETURN_MS = 2 * SETTLED_MS
const PAGE = 1_000
// A broker may need one query for each subqueue, of about a millisecond.
const SUBQUEUES_AT_ONCE = 500

/**
 * Publishes again the queued tasks whose dispatches the broker lost or never received (P2).
 *
 * The reconciler compares numbers only: the queued tasks of a subqueue, and its dispatches that wait in the broker or that
 * a consumer has not acknowledged. At least the difference is missing, and the reconciler publishes that many of the
 * oldest tasks. Other tasks may have lost their dispatches. Then a few dispatches are duplicates, which the claim makes
 * harmless, and the lost ones are published once their tasks are the oldest, which is when their turn comes. A backlog
 * that lost nothing is left alone.
 *
 * The order of the three queries prevents most duplicates:
 *
 * 1. Count the tasks that have been queued for at least `SETTLED_MS`. At most this many are published, so that a subqueue
 *    that is served within seconds gets no duplicates.
 * 2. Read the depths from the broker.
 * 3. Count all queued tasks. A task that was claimed since the second query lowers this count: too few tasks are published,
 *    and the next round publishes the rest. With the depths read last, each such task would seem to be missing. A task that
 *    was queued since the second query raises the count: at most as many dispatches are duplicated as arrive within these
 *    few milliseconds.
 */
export function reconciler({ storage, broker, ...deps }: Deps): PeriodicService {
  const { clock, events } = deps
  let isAvailableAgain = false

  async function findGaps(): Promise<Gap[]> {
    const settled = await storage.countQueuedTasks(SETTLED_MS)
    if (settled.length === 0) return []
    const depths = await depthsOf(settled.map(({ subqueue }) => subqueue))
    const counts = new Map((await storage.countQueuedTasks(0)).map(({ subqueue, count }) => [keyOf(subqueue), count]))
    const gaps = settled.map(({ subqueue, count }, index) => ({
      subqueue,
      missing: Math.min(count, (counts.get(keyOf(subqueue)) ?? 0) - (depths[index] ?? 0)),
    }))
    return gaps.filter(({ missing }) => missing > 0).toSorted((a, b) => urgencyOf(a) - urgencyOf(b))
  }

  async function depthsOf(subqueues: readonly Subqueue[]): Promise<readonly number[]> {
    const depths: number[] = []
    for (let from = 0; from < subqueues.length; from += SUBQUEUES_AT_ONCE)
      depths.push(...((await broker.depths(subqueues.slice(from, from + SUBQUEUES_AT_ONCE))) ?? []))
    return depths
  }

  async function* oldestOf({ subqueue, missing }: Gap): AsyncGenerator<readonly Dispatch[]> {
    let after: QueuedTask | undefined
    for (let left = missing; left > 0; ) {
      const limit = Math.min(PAGE, left)
      const page = await storage.listQueuedTasks(subqueue, { limit, ...(after && { after }) })
      if (page.length > 0) yield page
      // Workers have claimed the rest in the meantime.
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
      // Nothing can be missing when the database itself holds the subqueues.
      if ((await broker.depths([])) === undefined) return undefined
      const isAfterOutage = isAvailableAgain
      isAvailableAgain = false
      const startedMs = clock.monotonicMs()
      const gaps = await findGaps()
      const workMs = clock.monotonicMs() - startedMs
      await fill(gaps, isOver)
      if (isAfterOutage) return AFTER_RETURN_MS
      return Math.min(LONGEST_PAUSE_MS, Math.max(INTERVAL_MS, PAUSE_PER_WORK * workMs))
    },
  })

  return {
    ...service,
    wake() {
      isAvailableAgain = true
      service.wake()
    },
  }
}

const keyOf = ({ project, queue, type, priority }: Subqueue): string => JSON.stringify([project, queue, type, priority])

/** Orders gaps so that a broker that lost everything receives critical tasks first. */
const urgencyOf = ({ subqueue }: Gap): number => PRIORITIES.indexOf(subqueue.priority)

/**
 * Wakes the reconciler whenever the broker of this process or the primary database is available again. A failing database
 * may commit tasks whose dispatches nobody published, and may lose claims that were acknowledged. Returns a function that
 * stops this.
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
