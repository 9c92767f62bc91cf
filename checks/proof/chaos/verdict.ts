import type { Database } from '@taskflow/database'
import { statement } from '@taskflow/database'
import { checkInvariants } from '@taskflow/testing/invariants'
import { checkPromises, type Violation } from '@taskflow/testing/promises'
import type { Witness } from '@taskflow/testing/witness'
import { type Crash, forgottenStarts, type Start } from './forgotten.ts'
import { machineMsOf } from './machine-time.ts'
import type { Line } from './witness-file.ts'

/** What the database says of a run that has come to rest. */
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
  /** Leases that ran and that a crash of the database took back. */
  readonly forgottenClaims: number
}

interface Evidence {
  readonly db: Database
  /** What callers saw, and what processes said. */
  readonly witnesses: readonly Witness[]
  /** What handlers saw. */
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
    ...(await lastBeats(db)),
    ...starts.filter((start) => !forgotten.has(start)),
    ...lines.filter((line) => line.kind !== 'started'),
  ]
  // Rest was waited for: what has no end by now will have none.
  const broken = await checkPromises({ db, witnesses: seen, isOver: true })
  const invariants = (await checkInvariants(db)).map((sentence) => ({ promise: 'invariant', sentence }))
  return { figures: row as Figures, violations: [...broken, ...invariants], forgottenClaims: forgotten.size }
}

/** By a clock that is wrong, or was, a claim may seem to lie ahead. */
const startOf = ({ claimedAgoMs, ...start }: Line & { kind: 'started' }): Start => ({
  ...start,
  claimedAtMs: start.atMs - Math.max(0, claimedAgoMs),
})

/** The last heartbeat of every worker that was ever registered: whoever was declared dead can have none after it. */
async function lastBeats(db: Database): Promise<Witness[]> {
  const rows = await db.run(heartbeats, [])
  return rows.map(({ id, heartbeat_at }) => ({ kind: 'heartbeat', workerId: id, atMs: machineMsOf(heartbeat_at) }))
}

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
