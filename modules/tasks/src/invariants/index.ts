import type { Invariant } from '@taskflow/room'
import { OF_ATTEMPTS } from './of-attempts.ts'
import { OF_EVENTS } from './of-events.ts'
import { OF_KEYS } from './of-keys.ts'
import { OF_NOTICES } from './of-notices.ts'
import { OF_TABLES } from './of-tables.ts'
import { OF_TASKS } from './of-tasks.ts'
import type { Queries } from './tables-of-tasks.ts'

export { TABLES_OF_TASKS } from './tables-of-tasks.ts'

/** Lists the queries as invariants of one subject. */
const ofEach = (subject: string, queries: Queries): Invariant[] =>
  Object.entries(queries).map(([sentence, query]) => ({ subject, sentence, query }))

/** The invariants of this room. */
export const TASKS_INVARIANTS: readonly Invariant[] = [
  ...ofEach('task', OF_TASKS),
  ...ofEach('task', OF_ATTEMPTS),
  ...ofEach('task', OF_EVENTS),
  ...ofEach('idempotency key', OF_KEYS),
  ...ofEach('notice', OF_NOTICES),
  ...ofEach('table', OF_TABLES),
]
