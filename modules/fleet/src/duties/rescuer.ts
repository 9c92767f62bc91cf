import type { PeriodicService } from '@taskflow/kernel'
import { type DutyDeps, duty, FALLBACK_PAUSE_MS } from '@taskflow/kernel'
import { DEFAULT_RETRY_POLICY, judge, type WorkerId } from '@taskflow/tasks'
import type { FleetDutyStore, OrphanedLease } from '../ports/duty-store.ts'

interface Deps extends DutyDeps {
  readonly storage: Pick<FleetDutyStore, 'listSilentWorkers' | 'markWorkersLost' | 'listOrphanedLeases' | 'settleTasks'>
  readonly silentAfterMs?: number
  readonly roundMs?: number
}

interface Observation {
  readonly heartbeatAt: Date
  readonly watchedMs: number
}

/** Ten heartbeats that did not come. */
export const SILENT_AFTER_MS = 10_000

const BATCH = 500

/**
 * Declares dead the workers whose heartbeats stopped, and takes back what they held (P4).
 *
 * A heartbeat that looks old may be old because nobody could write it: the database
 * was away, or this very process was stopped. So age alone buries nobody. The rescuer
 * must itself have watched the heartbeat stand still, in rounds that followed each other
 * without a gap, for `WATCH_ROUNDS` of them. A round counts for no more than its usual pause,
 * so that being late is no proof, and a longer gap, or a look that failed, makes it forget what
 * it saw. Then the worker is marked lost, if its heartbeat is still the one watched, and from
 * that moment its heartbeats and claims are refused, and its results once another was given the task.
 *
 * Running tasks are never judged by how long they run.
 */
export function rescuer({ storage, silentAfterMs = SILENT_AFTER_MS, roundMs = 1_000, ...deps }: Deps): PeriodicService {
  const WATCH_ROUNDS = 3
  const { clock, events } = deps
  let observed = new Map<WorkerId, Observation>()
  let lastRoundMs = Number.NEGATIVE_INFINITY

  async function buryTheDead(isOver: () => boolean): Promise<void> {
    const nowMs = clock.monotonicMs()
    const gapMs = nowMs - lastRoundMs
    const seenBefore = gapMs > 2 * roundMs ? new Map<WorkerId, Observation>() : observed
    lastRoundMs = nowMs
    // What a look saw that fails is nothing.
    observed = new Map()

    const silent = await storage.listSilentWorkers(silentAfterMs)
    observed = new Map(
      silent.map(({ id, heartbeatAt }) => {
        const before = seenBefore.get(id)
        const isSame = before?.heartbeatAt.getTime() === heartbeatAt.getTime()
        return [id, { heartbeatAt, watchedMs: before && isSame ? before.watchedMs + Math.min(gapMs, roundMs) : 0 }]
      }),
    )
    const dead = silent.filter(({ id }) => (observed.get(id)?.watchedMs ?? 0) >= (WATCH_ROUNDS - 1) * roundMs)
    if (dead.length === 0 || isOver()) return
    for (const id of await storage.markWorkersLost(dead)) events.emit('worker.lost', { id })
  }

  async function rescueOrphans(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const orphans = await storage.listOrphanedLeases(BATCH)
      const results = await Promise.all(orphans.map(rescue))
      const rescued = results.filter((verb) => verb === 'rescue').length
      const quarantined = results.filter((verb) => verb === 'fail').length
      if (rescued + quarantined > 0) events.emit('tasks.rescued', { count: rescued, quarantined })
      // A full batch of leases that all turned out stale would come again at once and for ever.
      if (orphans.length < BATCH || rescued + quarantined === 0) return
    }
  }

  async function rescue(orphan: OrphanedLease): Promise<'rescue' | 'fail' | undefined> {
    const { taskId, leaseId, workerId, attempt, maxAttempts, crashCount } = orphan
    const error = { name: 'WorkerLost', message: `Worker ${workerId} died while it held the task` }
    const context = { attempt, maxAttempts, crashCount, policy: DEFAULT_RETRY_POLICY, random: () => 0 }
    const verdict = judge({ kind: 'crashed', error }, context)
    // On its own, so that one that storage refuses keeps none of the others from being rescued.
    const [result] = await storage.settleTasks([{ taskId, leaseId, verdict }])
    if (result === 'stale') return undefined
    return verdict.verb === 'fail' ? 'fail' : 'rescue'
  }

  return duty({
    ...deps,
    name: 'rescuer',
    intervalMs: FALLBACK_PAUSE_MS,
    async round(isOver) {
      await buryTheDead(isOver)
      await rescueOrphans(isOver)
      return observed.size > 0 ? roundMs : undefined
    },
  })
}
