import type { Database } from '@taskflow/database'
import { columnsOf, plainArray, textArray } from '@taskflow/database'
import { type Events, hasCode, naturalBatch } from '@taskflow/kernel'
import { assertNever, type Verdict } from '../domain/attempt-outcome.ts'
import type { AttemptOutcomeName, TaskFailure } from '../domain/task.ts'
import { TRANSITIONS } from '../domain/task-state.ts'
import type { AttemptStore, Settlement, SettlementResult } from '../ports/attempt-store.ts'
import { findSettledLeases } from '../statements/find-settled-leases.ts'
import { finishTasks } from '../statements/finish-tasks.ts'
import { requeueTasks } from '../statements/requeue-tasks.ts'
import { dispatchesOf } from './dispatch-row.ts'
import type { TellQueued } from './notify-queued.ts'
import { HEAD_STARTS_MS, jsonOrNull } from './task-row.ts'

interface Deps {
  readonly db: Database
  readonly events: Events
  readonly retentionMs: number
  readonly tellQueued: TellQueued | undefined
}

/** What a verdict means for the row: a task that leaves for good, or one that comes back. */
type Effect = Finish | Return

interface Finish {
  readonly kind: 'finish'
  readonly state: string
  readonly result: string | null
  readonly error: TaskFailure | null
  readonly crashes: number
}

interface Return {
  readonly kind: 'return'
  readonly state: string
  readonly outcome: AttemptOutcomeName
  /** 1 when the attempt counts, 0 when it is given back. */
  readonly usedAttempts: number
  readonly crashes: number
  readonly delayMs: number | null
  readonly error: TaskFailure | null
}

interface Planned<Of extends Effect = Effect> {
  readonly settlement: Settlement
  readonly taskId: string
  readonly leaseId: string
  readonly effect: Of
}

const CANCELLED_BEFORE_RETURN: TaskFailure = {
  name: 'Cancelled',
  message: 'Cancelled while it ran; the attempt did not succeed',
  reason: 'cancelled',
}

const MAX_ROWS = 1_000

/** Settlement, gathered: each batch is two statements, one for tasks that end and one for those that come back, unless something in it is stale. */
export function taskSettler({ db, events, retentionMs, tellQueued }: Deps): AttemptStore['settleTasks'] {
  /** The leases that were refused. */
  async function finish(items: readonly Planned<Finish>[]): Promise<ReadonlySet<string>> {
    if (items.length === 0) return NONE
    const [row] = await db.run(finishTasks, [
      plainArray(items.map(({ taskId }) => taskId)),
      plainArray(items.map(({ leaseId }) => leaseId)),
      plainArray(items.map(({ effect }) => (effect.state === TRANSITIONS.complete.to ? null : effect.state))),
      textArray(items.map(({ effect }) => effect.result)),
      textArray(items.map(({ effect }) => jsonOrNull(effect.error))),
      plainArray(items.map(({ effect }) => effect.crashes || null)),
      retentionMs,
    ])
    return row?.refused ? new Set(row.refused) : NONE
  }

  /** Of the leases that were accepted, whether their task was to be cancelled. */
  async function giveBack(items: readonly Planned<Return>[]): Promise<ReadonlyMap<string, boolean>> {
    if (items.length === 0) return new Map()
    const rows = await db.run(requeueTasks, [
      ...columnsOf(items, [
        ({ taskId }) => taskId,
        ({ leaseId }) => leaseId,
        (item) => item.effect.state,
        (item) => item.effect.outcome as string,
        (item) => item.effect.usedAttempts,
        (item) => item.effect.crashes,
        (item) => item.effect.delayMs,
        (item) => jsonOrNull(item.effect.error),
      ]),
      HEAD_STARTS_MS,
    ])
    tellQueued?.(dispatchesOf(rows))
    return new Map(rows.map((row) => [row.lease_id, row.is_cancelled]))
  }

  async function settle(settlements: readonly Settlement[]): Promise<readonly SettlementResult[]> {
    // Of two ends of one attempt in one batch (its worker's and the rescuer's, say) the first counts.
    const firsts = new Map<string, Planned>()
    for (const each of settlements)
      if (!firsts.has(each.leaseId)) firsts.set(each.leaseId, { settlement: each, ...planOf(each) })
    const planned = [...firsts.values()]
    const refused = await finish(planned.filter(isFinishing))
    const returned = await giveBack(planned.filter(isReturning))
    // Whoever was asked to cancel while an attempt ran does not get another one.
    const toCancel = planned.filter(({ leaseId }) => returned.get(leaseId) === true).map(toCancelled)
    const uncancelled = await finish(toCancel)

    function resultOf(settlement: Settlement): SettlementResult {
      const { leaseId } = settlement
      const plan = firsts.get(leaseId)
      if (plan?.settlement !== settlement) return 'stale'
      if (plan.effect.kind === 'finish') return refused.has(leaseId) ? 'stale' : 'settled'
      const isToBeCancelled = returned.get(leaseId)
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
   * Of settlements whose lease is gone, those that were accepted before: the reply was lost, and they were sent again.
   * An attempt that somebody else ended otherwise (the rescuer, say) stays stale.
   */
  async function findRepeats(items: readonly Settlement[]): Promise<Map<Settlement, SettlementResult>> {
    const rows = await db.run(
      findSettledLeases,
      columnsOf(items, [(item) => item.taskId as string, (item) => item.leaseId as string]),
    )
    const endOf = new Map(rows.map((row) => [`${row.id} ${row.lease_id}`, `${row.ended} ${row.outcome}`]))
    return new Map(
      items.flatMap((item): [Settlement, SettlementResult][] => {
        const end = endOf.get(`${item.taskId} ${item.leaseId}`)
        const effect = effectOf(item.verdict)
        if (end === endFrom(effect)) return [[item, 'settled']]
        return effect.kind === 'return' && end === `task ${TRANSITIONS.cancel.to}` ? [[item, 'cancelled']] : []
      }),
    )
  }

  const batch = naturalBatch<readonly Settlement[], readonly SettlementResult[]>({
    async run(groups) {
      const results = [...(await settle(groups.flat()))]
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

const planOf = ({ taskId, leaseId, verdict }: Settlement) => ({ taskId, leaseId, effect: effectOf(verdict) })

const isFinishing = (item: Planned): item is Planned<Finish> => item.effect.kind === 'finish'
const isReturning = (item: Planned): item is Planned<Return> => item.effect.kind === 'return'

/** What find_settled_leases says of an attempt that ended so. */
function endFrom(effect: Effect): string {
  if (effect.kind === 'return') return `attempt ${effect.outcome}`
  if (effect.error?.reason === 'timedOut') return 'task timedOut'
  return effect.error?.reason === 'quarantined' ? 'task rescued' : `task ${effect.state}`
}

function toCancelled(item: Planned): Planned<Finish> {
  const { crashes } = item.effect
  return {
    ...item,
    effect: { kind: 'finish', state: TRANSITIONS.cancel.to, result: null, error: CANCELLED_BEFORE_RETURN, crashes },
  }
}

function effectOf(verdict: Verdict): Effect {
  const { verb } = verdict
  const state = TRANSITIONS[verb].to
  switch (verb) {
    case 'complete':
      return { kind: 'finish', state, result: verdict.result, error: null, crashes: 0 }
    case 'fail':
      return {
        kind: 'finish',
        state,
        result: null,
        error: verdict.error,
        crashes: verdict.error.reason === 'quarantined' ? 1 : 0,
      }
    case 'cancel':
      return { kind: 'finish', state, result: null, error: verdict.error, crashes: 0 }
    case 'retry': {
      const outcome = verdict.error.reason === 'timedOut' ? 'timedOut' : 'failed'
      return {
        kind: 'return',
        state,
        outcome,
        usedAttempts: 1,
        crashes: 0,
        delayMs: verdict.delayMs,
        error: verdict.error,
      }
    }
    case 'snooze':
      return {
        kind: 'return',
        state,
        outcome: 'snoozed',
        usedAttempts: 0,
        crashes: 0,
        delayMs: verdict.delayMs,
        error: null,
      }
    case 'release':
      return { kind: 'return', state, outcome: 'released', usedAttempts: 0, crashes: 0, delayMs: null, error: null }
    case 'rescue':
      return {
        kind: 'return',
        state,
        outcome: 'rescued',
        usedAttempts: 0,
        crashes: 1,
        delayMs: null,
        error: verdict.error,
      }
    default:
      return assertNever(verb)
  }
}
