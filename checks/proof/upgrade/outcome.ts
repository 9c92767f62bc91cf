import type { Database } from '@taskflow/database'
import { migrator, postgresDatabase, statement } from '@taskflow/database'
import { allMigrations } from '@taskflow/rooms/migrations'
import { checkInvariants } from '@taskflow/testing/invariants'
import { checkPromises, type Violation } from '@taskflow/testing/promises'
import type { Callers, CallersReport } from './callers.ts'
import type { Member } from './member.ts'
import type { notesIn } from './notes.ts'
import type { Version } from './version.ts'

/** The outcome of two versions that ran side by side. */
export interface Outcome {
  readonly callers: CallersReport
  readonly accepted: number
  readonly attempts: number
  /** Attempts that a planned stop took back; they cost nothing. */
  readonly released: number
  /** Attempts by who accepted their task and who ran it. */
  readonly olderByNewer: number
  readonly newerByOlder: number
  /** The warnings of the processes, and how often each was logged. */
  readonly warnings: ReadonlyMap<string, number>
  readonly violations: readonly Violation[]
  readonly lost: number
  readonly doubled: number
}

interface Played {
  readonly older: Version
  readonly newer: Version
  readonly databaseUrl: string
  readonly callers: Callers
  readonly notes: ReturnType<typeof notesIn>
  readonly members: readonly Member[]
}

/** To be asked when all has come to rest. */
export async function outcomeOf(played: Played): Promise<Outcome> {
  const { older, newer, databaseUrl, callers, notes, members } = played
  const runs = notes.filter((note) => note.kind === 'started')
  const across = (by: Version, on: Version): number =>
    runs.filter(({ taskId, process }) => callers.accepted.get(taskId)?.by === by.name && process === on.name).length

  return inside(databaseUrl, async (db) => {
    // The run ends on the older schema, and the invariants are those of the newest one.
    await migrator(db, allMigrations()).up()
    const violations = [
      ...(await checkPromises({ db, witnesses: [...callers.witnesses, ...notes], isOver: true })),
      ...(await checkInvariants(db)).map((sentence) => ({ promise: 'invariant', sentence })),
      ...(await db.run(failedTasks, [])).map(({ id }) => ({ promise: 'answer', sentence: `task ${id} failed` })),
      ...callers.report.wrong.map((sentence) => ({ promise: 'answer', sentence })),
    ]
    const broken = (...promises: readonly string[]): number =>
      violations.filter(({ promise }) => promises.includes(promise)).length
    return {
      callers: callers.report,
      accepted: callers.accepted.size,
      attempts: runs.length,
      released: await countOf(db, releasedAttempts),
      olderByNewer: across(older, newer),
      newerByOlder: across(newer, older),
      warnings: counted(
        members.flatMap(({ version, role, warnings }) => warnings.map((each) => `${version.name} ${role}: ${each}`)),
      ),
      violations,
      lost: broken('P1', 'P2'),
      doubled: broken('P3', 'P5'),
    }
  })
}

export const hasUnfinished = (databaseUrl: string): Promise<boolean> =>
  inside(databaseUrl, async (db) => (await countOf(db, unfinishedTasks)) > 0)

async function inside<Result>(url: string, look: (db: Database) => Promise<Result>): Promise<Result> {
  const db = postgresDatabase({ url })
  try {
    return await look(db)
  } finally {
    await db.close()
  }
}

async function countOf(db: Database, query: typeof unfinishedTasks): Promise<number> {
  const [row] = await db.run(query, [])
  return row?.count ?? 0
}

const counted = (messages: readonly string[]): Map<string, number> =>
  new Map([...Map.groupBy(messages, (each) => each)].map(([message, all]) => [message, all.length]))

const counting = (name: string, text: string) =>
  statement<readonly [], { count: number }>({ name, columns: ['count'], text })

const unfinishedTasks = counting('upgrade_unfinished_tasks', 'select count(*)::integer as count from task')

const releasedAttempts = counting(
  'upgrade_released_attempts',
  `select count(*)::integer as count from task_attempt where outcome = 'released'`,
)

const failedTasks = statement<readonly [], { id: string }>({
  name: 'upgrade_failed_tasks',
  columns: ['id'],
  text: `select id from finished_task where state = 'failed'`,
})
