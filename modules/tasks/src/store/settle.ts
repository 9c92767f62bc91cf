import type { Database } from '@taskflow/database'
import { columnsOf, plainArray, textArray } from '@taskflow/database'
import { type Events, hasCode, naturalBatch } from '@taskflow/kernel'
import { ATTEMPT_ENDS, type AttemptEnd, finishesTask, OUTCOME_BY_REASON, stateAfter } from '../domain/attempt-ends.ts'
import { endOf, type Verdict } from '../domain/attempt-outcome.ts'
import { taskFailure } from '../domain/failures.ts'
import { SNOOZE_FLOOR } from '../domain/snooze-floor.ts'
import type { TaskFailure } from '../domain/task.ts'
import type { AttemptStore, Settlement, SettlementResult } from '../ports/attempt-store.ts'
import { findSettledLeases } from '../statements/find-settled-leases.ts'
import { finishTasks } from '../statements/finish-tasks.ts'
import { requeueTasks } from '../statements/requeue-tasks.ts'
import { dispatchesOf } from './dispatch-row.ts'
import type { NotifyQueued } from './notify-queued.ts'
import { HEAD_STARTS_MS, jsonOrNull } from './task-row.ts'

interface Deps {
  readonly db: Database
  readonly events: Events
  readonly retentionMs: number
  /** Consumers of notices, of all rooms. */
  readonly consumers: readonly string[]
  readonly notifyQueued: NotifyQueued | undefined
}

/** A settlement and the end of the attempt that its verdict stands for. */
interface Planned {
  readonly settlement: Settlement
  readonly verdict: Verdict
  readonly end: AttemptEnd
  /** The crashes to count: those of the end, also when a cancellation replaces the end. */
  readonly crashes: number
}

const CANCELLED_BEFORE_REQUEUE: Verdict = {
  verb: ATTEMPT_ENDS.cancelled.verb,
  error: taskFailure('Cancelled', 'Cancelled while it ran; the attempt did not succeed', 'cancelled'),
}

const MAX_ROWS = 1_000

/**
 * Settles attempts in batches. A batch takes two statements, one for tasks that finish and one for tasks that are
 * requeued, and more only if a task is to be cancelled or a lease was lost.
 */
export function taskSettler({ db, events, retentionMs, consumers, notifyQueued }: Deps): AttemptStore['settleTasks'] {
  /** Returns the leases that storage refused. */
  async function finish(items: readonly Planned[]): Promise<ReadonlySet<string>> {
    if (items.length === 0) return NONE
    const [row] = await db.run(finishTasks, [
      plainArray(items.map(({ settlement }) => settlement.taskId)),
      plainArray(items.map(({ settlement }) => settlement.leaseId)),
      plainArray(items.map(({ end }) => (end === ATTEMPT_ENDS.succeeded ? null : stateAfter(end)))),
      textArray(items.map(({ verdict }) => ('result' in verdict ? verdict.result : null))),
      textArray(items.map(({ verdict }) => jsonOrNull(errorOf(verdict)))),
      plainArray(items.map(({ crashes }) => crashes || null)),
      retentionMs,
      consumers,
    ])
    return row?.refused ? new Set(row.refused) : NONE
  }

  /** Returns, for each lease that storage accepted, whether its task is to be cancelled instead. */
  async function requeue(items: readonly Planned[]): Promise<ReadonlyMap<string, boolean>> {
    if (items.length === 0) return new Map()
    const rows = await db.run(requeueTasks, [
      ...columnsOf(items, [
        ({ settlement }) => settlement.taskId as string,
        ({ settlement }) => settlement.leaseId as string,
        ({ end }) => stateAfter(end) as string,
        ({ end }) => end.outcome as string,
        ({ end }) => end.attempts as number,
        ({ crashes }) => crashes,
        ({ verdict }) => ('delayMs' in verdict ? verdict.delayMs : null),
        ({ verdict }) => jsonOrNull(errorOf(verdict)),
      ]),
      HEAD_STARTS_MS,
      SNOOZE_FLOOR.free,
      SNOOZE_FLOOR.windowMs,
      SNOOZE_FLOOR.floorMs,
    ])
    for (const { type } of rows.filter((row) => row.is_slowed)) events.emit('task.snoozeSlowed', { type })
    notifyQueued?.(dispatchesOf(rows))
    return new Map(rows.map((row) => [row.lease_id, row.is_cancelled]))
  }

  async function settle(settlements: readonly Settlement[]): Promise<readonly SettlementResult[]> {
    // One batch may contain two ends of one attempt, for example from the worker and the rescuer. The first one counts.
    const firsts = new Map<string, Planned>()
    for (const each of settlements) if (!firsts.has(each.leaseId)) firsts.set(each.leaseId, plan(each))
    const planned = [...firsts.values()]
    const refused = await finish(planned.filter(({ end }) => finishesTask(end)))
    const requeued = await requeue(planned.filter(({ end }) => !finishesTask(end)))
    // A task whose cancellation was requested during an attempt does not get another attempt.
    const toCancel = planned.filter(({ settlement }) => requeued.get(settlement.leaseId) === true).map(toCancelled)
    const uncancelled = await finish(toCancel)

    function resultOf(settlement: Settlement): SettlementResult {
      const { leaseId } = settlement
      const first = firsts.get(leaseId)
      if (first?.settlement !== settlement) return 'stale'
      if (finishesTask(first.end)) return refused.has(leaseId) ? 'stale' : 'settled'
      const isToBeCancelled = requeued.get(leaseId)
      if (isToBeCancelled === undefined) return 'stale'
      if (!isToBeCancelled) return 'settled'
      return uncancelled.has(leaseId) ? 'stale' : 'cancelled'
    }

    const results = settlements.map(resultOf)
    if (!results.includes('stale')) return results
    const repeats = await findRepeats(settlements.filter((_, index) => results[index] === 'stale'))
    return settlements.map((settlement, index) => repeats.get(settlement) ?? (results[index] as SettlementResult))
  }

  /**
   * Returns the results of settlements that storage accepted before, and that were sent again because the reply was lost.
   * A settlement remains stale if another party, such as the rescuer, ended the attempt in another way.
   */
  async function findRepeats(items: readonly Settlement[]): Promise<Map<Settlement, SettlementResult>> {
    const rows = await db.run(findSettledLeases, [
      ...columnsOf(items, [(item) => item.taskId as string, (item) => item.leaseId as string]),
      JSON.stringify(OUTCOME_BY_REASON),
    ])
    const storedEnds = new Map(rows.map((row) => [`${row.id} ${row.lease_id}`, `${row.ended} ${row.outcome}`]))
    return new Map(
      items.flatMap((item): [Settlement, SettlementResult][] => {
        const stored = storedEnds.get(`${item.taskId} ${item.leaseId}`)
        const end = endOf(item.verdict)
        if (stored === storedAs(end)) return [[item, 'settled']]
        return !finishesTask(end) && stored === storedAs(ATTEMPT_ENDS.cancelled) ? [[item, 'cancelled']] : []
      }),
    )
  }

  const batch = naturalBatch<readonly Settlement[], readonly SettlementResult[]>({
    async run(groups) {
      const settlements = groups.flat()
      const results = [...(await settle(settlements))]
      settlements.forEach(({ taskId: id, verdict }, index) => {
        const isCancelled = verdict.verb === 'cancel' ? results[index] === 'settled' : results[index] === 'cancelled'
        if (isCancelled) events.emit('task.cancelled', { id })
      })
      return groups.map(({ length }) => results.splice(0, length))
    },
    maxWeight: MAX_ROWS,
    weigh: (group) => group.length,
    isShared: (error) => hasCode(error, 'DATABASE_UNAVAILABLE'),
    onBatch: (size) => events.emit('batch.left', { lane: 'settle', size }),
  })
  return (settlements) => batch.add(settlements)
}

const NONE: ReadonlySet<string> = new Set()

function plan(settlement: Settlement): Planned {
  const { verdict } = settlement
  const end = endOf(verdict)
  return { settlement, verdict, end, crashes: end.crashes }
}

const toCancelled = ({ settlement, crashes }: Planned): Planned => ({
  settlement,
  verdict: CANCELLED_BEFORE_REQUEUE,
  end: ATTEMPT_ENDS.cancelled,
  crashes,
})

const errorOf = (verdict: Verdict): TaskFailure | null => ('error' in verdict ? verdict.error : null)

/** Returns what find_settled_leases reports of an attempt that ended in this way. */
const storedAs = (end: AttemptEnd): string => `${finishesTask(end) ? 'task' : 'attempt'} ${end.outcome}`
