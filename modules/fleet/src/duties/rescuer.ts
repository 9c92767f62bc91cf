import type { PeriodicService } from '@taskflow/kernel'
import { type DutyDeps, duty, FALLBACK_PAUSE_MS } from '@taskflow/kernel'
import { attemptError, DEFAULT_RETRY_POLICY, judge, type WorkerId } from '@taskflow/tasks'
import type { FleetDutyStorage, OrphanedLease } from '../ports/duty-store.ts'

interface Deps extends DutyDeps {
  readonly storage: Pick<
    FleetDutyStorage,
    'listSilentWorkers' | 'markWorkersLost' | 'listOrphanedLeases' | 'settleTasks'
  >
  readonly roundMs?: number
}

/** A heartbeat and how long this process has observed that it stands still. */
interface Observation {
  readonly heartbeatAt: Date
  readonly observedMs: number
}

/** The age of a heartbeat from which the rescuer observes its worker: ten missed heartbeats. */
export const LOST_AFTER_MS = 10_000

const BATCH = 500

/**
 * Marks workers lost whose heartbeats stopped, and rescues the tasks that they held (P4).
 *
 * An old heartbeat does not prove that its worker is lost: the database may have been unavailable, or this process may
 * have been suspended. The rescuer therefore marks a worker lost only after it has observed the same heartbeat in
 * `OBSERVED_ROUNDS` consecutive rounds.
 *
 * - A round adds at most its usual pause to the observed time, so that a late round proves nothing.
 * - A longer gap between two rounds, or a query that fails, discards all observations.
 * - The database marks a worker lost only if its heartbeat is still the observed one.
 *
 * From then on the database refuses the heartbeats and claims of the worker, and its results once the tasks are rescued.
 * The rescuer never judges a running task by how long it runs.
 */
export function rescuer({ storage, roundMs = 1_000, ...deps }: Deps): PeriodicService {
  const OBSERVED_ROUNDS = 3
  const { clock, events } = deps
  let observed = new Map<WorkerId, Observation>()
  let lastRoundMs = Number.NEGATIVE_INFINITY

  async function markLost(isOver: () => boolean): Promise<void> {
    const nowMs = clock.monotonicMs()
    const gapMs = nowMs - lastRoundMs
    const previous = gapMs > 2 * roundMs ? new Map<WorkerId, Observation>() : observed
    lastRoundMs = nowMs
    // Discards all observations if the query below fails.
    observed = new Map()

    const silent = await storage.listSilentWorkers(LOST_AFTER_MS)
    observed = new Map(
      silent.map(({ id, heartbeatAt }) => {
        const before = previous.get(id)
        const isSame = before?.heartbeatAt.getTime() === heartbeatAt.getTime()
        return [id, { heartbeatAt, observedMs: before && isSame ? before.observedMs + Math.min(gapMs, roundMs) : 0 }]
      }),
    )
    const lost = silent.filter(({ id }) => (observed.get(id)?.observedMs ?? 0) >= (OBSERVED_ROUNDS - 1) * roundMs)
    if (lost.length === 0 || isOver()) return
    for (const id of await storage.markWorkersLost(lost)) events.emit('worker.lost', { id })
  }

  async function rescueOrphans(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const orphans = await storage.listOrphanedLeases(BATCH)
      const outcomes = await Promise.allSettled(orphans.map(rescue))
      const results = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : undefined))
      const rescued = results.filter((verb) => verb === 'rescue').length
      const quarantined = results.filter((verb) => verb === 'fail').length
      if (rescued + quarantined > 0) events.emit('tasks.rescued', { count: rescued, quarantined })
      const failed = outcomes.find((outcome) => outcome.status === 'rejected')
      if (failed) throw failed.reason
      // A full batch in which every lease is stale would be listed again at once, without end.
      if (orphans.length < BATCH || results.every((verb) => verb === undefined)) return
    }
  }

  async function rescue(orphan: OrphanedLease): Promise<'rescue' | 'fail' | 'cancel' | undefined> {
    const { taskId, leaseId, workerId, attempt, maxAttempts, crashCount } = orphan
    const error = attemptError('WorkerLost', `Worker ${workerId} was lost while it held the task`)
    const context = { attempt, maxAttempts, crashCount, policy: DEFAULT_RETRY_POLICY, random: () => 0 }
    const verdict = judge({ kind: 'crashed', error }, context)
    // One call per task: storage settles them together, and singly when it rejects one of them.
    const [result] = await storage.settleTasks([{ taskId, leaseId, verdict }])
    if (result === 'stale') return undefined
    // Its cancellation was requested: storage ends such a task instead of requeueing it.
    if (result === 'cancelled') return 'cancel'
    return verdict.verb === 'fail' ? 'fail' : 'rescue'
  }

  return duty({
    ...deps,
    name: 'rescuer',
    intervalMs: FALLBACK_PAUSE_MS,
    async round(isOver) {
      await markLost(isOver)
      await rescueOrphans(isOver)
      return observed.size > 0 ? roundMs : undefined
    },
  })
}
