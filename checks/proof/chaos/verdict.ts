import type { Database } from '@taskflow/database'
import { statement } from '@taskflow/database'
import { checkInvariants } from '@taskflow/testing/invariants'
import { nowMs } from '@taskflow/testing/measuring/machine-clock'
import { checkPromises, type Violation } from '@taskflow/testing/promises'
import type { Witness } from '@taskflow/testing/witness'
import { type Crash, forgottenStarts, type Start } from './forgotten.ts'
import type { Line } from './witness-file.ts'

/** The final figures of a run, from the database. */
export interface Figures {
  readonly succeeded: number
  readonly failed: number
  readonly cancelled: number
  readonly quarantined: number
  readonly unfinished: number
  readonly attempts: number
  readonly rescues: number
}

export interface Verdict {
  readonly figures: Figures
  readonly violations: readonly Violation[]
  /** Leases that started and that a crash of the database has undone. */
  readonly forgottenClaims: number
}

interface Evidence {
  readonly db: Database
  /** The records of callers, and the logged events of processes. */
  readonly witnesses: readonly Witness[]
  /** The records of handlers. */
  readonly lines: readonly Line[]
  readonly crashes: readonly Crash[]
}

export async function verdictOf({ db, witnesses, lines, crashes }: Evidence): Promise<Verdict> {
  const [row] = await db.run(figures, [])
  const known = new Set((await db.run(knownLeases, [])).map(({ lease_id }) => lease_id))
  const starts = lines.filter((line) => line.kind === 'started').map(startOf)
  const forgotten = forgottenStarts(starts, known, crashes)
  const seen: Witness[] = [
    ...witnesses,
    ...(await lastHeartbeats(db)),
    ...starts.filter((start) => !forgotten.has(start)),
    ...lines.filter((line) => line.kind !== 'started'),
  ]
  // The run has waited for all tasks: a task that is unfinished now will never finish.
  const broken = await checkPromises({ db, witnesses: seen, isOver: true })
  const invariants = (await checkInvariants(db)).map((sentence) => ({ promise: 'invariant', sentence }))
  return { figures: row as Figures, violations: [...broken, ...invariants], forgottenClaims: forgotten.size }
}

/** A wrong clock may put a claim into the future, hence the limit. */
const startOf = ({ claimedAgoMs, ...start }: Line & { kind: 'started' }): Start => ({
  ...start,
  claimedAtMs: start.atMs - Math.max(0, claimedAgoMs),
})

/** The last heartbeat of every registered worker: a lost worker can have none after it was marked. */
async function lastHeartbeats(db: Database): Promise<Witness[]> {
  const rows = await db.run(heartbeats, [])
  return rows.map(({ id, heartbeat_at }) => ({ kind: 'heartbeat', workerId: id, atMs: machineMsOf(heartbeat_at) }))
}

/**
 * Converts a server's wall clock time to the machine's monotonic clock. Servers use the machine's clock, which is
 * right.
 */
const machineMsOf = (moment: Date): number => moment.getTime() - Date.now() + nowMs()

const figures = statement<readonly [], Figures>({
  name: 'chaos_figures',
  columns: ['succeeded', 'failed', 'cancelled', 'quarantined', 'unfinished', 'attempts', 'rescues'],
  text: `
    select (select count(*)::integer from finished_task where state = 'succeeded') as succeeded,
           (select count(*)::integer from finished_task where state = 'failed') as failed,
           (select count(*)::integer from finished_task where state = 'cancelled') as cancelled,
           (select count(*)::integer from finished_task where error ->> 'reason' = 'quarantined') as quarantined,
           (select count(*)::integer from task) as unfinished,
           (select count(*)::integer from finished_task where lease_id is not null)
             + (select count(*)::integer from task_attempt) as attempts,
           (select count(*)::integer from task_attempt where outcome = 'rescued') as rescues`,
})

const knownLeases = statement<readonly [], { lease_id: string }>({
  name: 'chaos_known_leases',
  columns: ['lease_id'],
  text: `
    select lease_id from task where lease_id is not null
    union select lease_id from finished_task where lease_id is not null
    union select lease_id from task_attempt`,
})

const heartbeats = statement<readonly [], { id: string; heartbeat_at: Date }>({
  name: 'chaos_heartbeats',
  columns: ['id', 'heartbeat_at'],
  text: 'select id, heartbeat_at from worker',
})
