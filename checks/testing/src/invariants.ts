/**
 * The conditions that a database fulfils at any moment between two statements, whatever was done to it and whichever process
 * was killed meanwhile. The checker runs after every test of every kind.
 *
 * Each invariant is a query for the rows that break it. The schema forbids some of them as well; the checker asks all the
 * same, for a database whose constraints were lost or are new.
 */
import { type Database, LEADER_INVARIANTS, type Queryable, type Statement, statement } from '@taskflow/database'
import { firstIdAt } from '@taskflow/kernel'
import type { Invariant } from '@taskflow/room'
import { ROOMS } from '@taskflow/rooms'
import { TABLES_OF_TASKS } from '@taskflow/tasks/invariants'

/** The sum of the platform's invariants and those of all rooms. */
export const INVARIANTS: readonly Invariant[] = [
  ...LEADER_INVARIANTS,
  ...ROOMS.flatMap((room) => room.invariants ?? []),
]

interface Offender {
  /** The number of the invariant. */
  number: number
  id: string
  detail: string | null
}

/** All in one statement, since it is run after tests that take no longer themselves; each table is read once. */
const findOffenders = statement<readonly [oldestId: string], Offender>({
  name: 'testing_invariants',
  columns: ['number', 'id', 'detail'],
  text: `
    with ${TABLES_OF_TASKS}
    ${INVARIANTS.map(({ query }, number) => `select ${number} as number, id::text as id, detail::text as detail from (${query}) as found_${number}`).join('\n union all ')}`,
})

interface Bounds {
  /**
   * Checks only tasks created since then. Meant for a database with much history: a check of a hundred thousand tasks takes a
   * second, and one of a million hardly fits into the ten seconds that a statement may take.
   */
  readonly createdSince?: Date
}

const OLDEST_ID = '00000000-0000-0000-0000-000000000000'

/** Resolves with one sentence for each violation; with none when all is well. */
export async function checkInvariants(db: Database | Queryable, { createdSince }: Bounds = {}): Promise<string[]> {
  const oldestId = createdSince ? firstIdAt(createdSince) : OLDEST_ID
  const offenders =
    'engine' in db && db.engine === 'pglite' && !createdSince
      ? await db.run(await preparedIn(db), [])
      : await db.run(findOffenders, [oldestId])
  return offenders.map(({ number, id, detail }) => {
    const { subject = '', sentence = '' } = INVARIANTS[number] ?? {}
    return `${subject} ${id} ${sentence}${detail === null ? '' : ` (${detail})`}`
  })
}

type Prepared = Statement<readonly [], Offender>

const prepared = new WeakMap<Database, Promise<Prepared>>()
let count = 0

/** PGlite plans an unprepared statement again each time, which takes five times as long as running this one. */
function preparedIn(db: Database): Promise<Prepared> {
  const known = prepared.get(db) ?? prepare(db)
  prepared.set(db, known)
  return known
}

async function prepare(db: Database): Promise<Prepared> {
  const name = `${findOffenders.name}_${++count}`
  const text = findOffenders.text.replaceAll('$1', `'${OLDEST_ID}'::uuid`)
  await db.transaction((tx) => tx.script(`prepare ${name} as ${text}`))
  return statement({ name, columns: findOffenders.columns, text: `execute ${name}` })
}
