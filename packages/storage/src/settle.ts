import {
  type AttemptOutcomeName,
  assertNever,
  type Database,
  type Events,
  hasCode,
  naturalBatch,
  type Settlement,
  type SettlementResult,
  type TaskFailure,
  TRANSITIONS,
  type Verdict,
} from '@taskflow/core'
import { dispatchesOf } from './dispatch-row.ts'
import { findSettledLeases } from './queries/find-settled-leases.ts'
import { finishTasks } from './queries/finish-tasks.ts'
import { returnTasks } from './queries/return-tasks.ts'
import { columnsOf } from './statement.ts'
import { HEAD_STARTS_MS } from './task-row.ts'
import type { TellQueued } from './tell-queued.ts'

interface Deps {
  readonly db: Database
  readonly events: Events
  readonly retentionMs: number
  readonly tellQueued: TellQueued | undefined
}

/** What a verdict means for the row: a task that leaves for good, or one that comes back. */
type Effect =
  | {
      readonly kind: 'finish'
      readonly state: string
      readonly result: string | null
      readonly error: TaskFailure | null
      readonly crashes: number
    }
  | {
      readonly kind: 'return'
      readonly state: string
      readonly outcome: AttemptOutcomeName
      /** 1 when the attempt counts, 0 when it is given back. */
      readonly usedAttempts: number
      readonly crashes: number
      readonly delayMs: number | null
      readonly error: TaskFailure | null
    }

type Planned<Kind extends Effect['kind']> = Settlement & { readonly effect: Extract<Effect, { kind: Kind }> }

const CANCELLED_BEFORE_RETURN: TaskFailure = {
  name: 'Cancelled',
  message: 'Cancelled while it ran; the attempt did not succeed',
  reason: 'cancelled',
}

const MAX_ROWS = 1_000

/** Settlement, gathered: each batch is two statements, one for tasks that end and one for those that come back, unless something in it is stale. */
export function taskSettler({
  db,
  events,
  retentionMs,
  tellQueued,
}: Deps): (settlement: Settlement) => Promise<SettlementResult> {
  async function finish(items: readonly Planned<'finish'>[]): Promise<Set<string>> {
    if (items.length === 0) return new Set()
    const rows = await db.run(finishTasks, [
      ...columnsOf(items, [
        (item) => item.taskId as string,
        (item) => item.leaseId as string,
        (item) => item.effect.state,
        (item) => item.effect.result,
        (item) => (item.effect.error ? JSON.stringify(item.effect.error) : null),
        (item) => item.effect.crashes,
      ]),
      retentionMs,
    ])
    return new Set(rows.map((row) => `${row.id} ${row.lease_id}`))
  }

  async function giveBack(items: readonly Planned<'return'>[]): Promise<Map<string, boolean>> {
    if (items.length === 0) return new Map()
    const rows = await db.run(returnTasks, [
      ...columnsOf(items, [
        (item) => item.taskId as string,
        (item) => item.leaseId as string,
        (item) => item.effect.state,
        (item) => item.effect.outcome as string,
        (item) => item.effect.usedAttempts,
        (item) => item.effect.crashes,
        (item) => item.effect.delayMs,
        (item) => (item.effect.error ? JSON.stringify(item.effect.error) : null),
      ]),
      HEAD_STARTS_MS,
    ])
    tellQueued?.(dispatchesOf(rows))
    return new Map(rows.map((row) => [`${row.id} ${row.lease_id}`, row.is_cancelled]))
  }

  async function settle(settlements: readonly Settlement[]): Promise<SettlementResult[]> {
    // Of two ends of one attempt in one batch (its worker's and the rescuer's, say) the first counts.
    const firsts = new Map(settlements.toReversed().map((each) => [leaseOf(each), each]))
    const planned = [...firsts.values()].map((each) => ({ ...each, effect: effectOf(each.verdict) }))
    const finished = await finish(planned.filter(isFinishing))
    const returned = await giveBack(planned.filter(isReturning))
    // Whoever was asked to cancel while an attempt ran does not get another one.
    const cancelled = await finish(planned.filter((item) => returned.get(leaseOf(item)) === true).map(toCancelled))
    const results = settlements.map((settlement): SettlementResult => {
      const lease = leaseOf(settlement)
      if (firsts.get(lease) !== settlement) return 'stale'
      if (cancelled.has(lease)) return 'cancelled'
      return finished.has(lease) || returned.get(lease) === false ? 'settled' : 'stale'
    })
    const repeats = await findRepeats(settlements.filter((_, index) => results[index] === 'stale'))
    return settlements.map((settlement, index) => repeats.get(settlement) ?? (results[index] as SettlementResult))
  }

  /**
   * Of settlements whose lease is gone, those that were accepted before: the reply was lost, and they were sent again.
   * An attempt that somebody else ended otherwise (the rescuer, say) stays stale.
   */
  async function findRepeats(items: readonly Settlement[]): Promise<Map<Settlement, SettlementResult>> {
    if (items.length === 0) return new Map()
    const rows = await db.run(
      findSettledLeases,
      columnsOf(items, [(item) => item.taskId as string, (item) => item.leaseId as string]),
    )
    const endOf = new Map(rows.map((row) => [`${row.id} ${row.lease_id}`, `${row.ended} ${row.outcome}`]))
    return new Map(
      items.flatMap((item): [Settlement, SettlementResult][] => {
        const end = endOf.get(leaseOf(item))
        const effect = effectOf(item.verdict)
        if (end === endFrom(effect)) return [[item, 'settled']]
        return effect.kind === 'return' && end === `task ${TRANSITIONS.cancel.to}` ? [[item, 'cancelled']] : []
      }),
    )
  }

  const batch = naturalBatch<Settlement, SettlementResult>({
    run: settle,
    maxWeight: MAX_ROWS,
    isShared: (error) => hasCode(error, 'DATABASE_UNAVAILABLE'),
    onBatch: (size) => events.emit('batch.left', { lane: 'settle', size }),
  })
  return (settlement) => batch.add(settlement)
}

const leaseOf = ({ taskId, leaseId }: Settlement): string => `${taskId} ${leaseId}`

const isFinishing = (item: Settlement & { effect: Effect }): item is Planned<'finish'> => item.effect.kind === 'finish'
const isReturning = (item: Settlement & { effect: Effect }): item is Planned<'return'> => item.effect.kind === 'return'

/** What find_settled_leases says of an attempt that ended so. */
function endFrom(effect: Effect): string {
  if (effect.kind === 'return') return `attempt ${effect.outcome}`
  if (effect.error?.reason === 'timedOut') return 'task timedOut'
  return effect.error?.reason === 'quarantined' ? 'task rescued' : `task ${effect.state}`
}

function toCancelled(item: Settlement & { effect: Effect }): Planned<'finish'> {
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
