import { PGlite, types } from '@electric-sql/pglite'
import { dataDir as prebuilt } from '@electric-sql/pglite-prepopulatedfs'
import type { Database, Statement } from '@taskflow/database'
import { databaseOn, migrator } from '@taskflow/database'
import { everyStatement } from '@taskflow/rooms/every-statement'
import { allMigrations } from '@taskflow/rooms/migrations'
import { createTestRoomTables } from '@taskflow/testing/test-room/room'
import { BEGINNING } from './host.ts'
import { literalOf } from './literal.ts'

type AnyStatement = Statement<readonly unknown[], Record<string, unknown>>

/** Replaces the text of a statement, to plant a bug. */
export type Rewrite = (statement: { readonly name: string; readonly text: string }) => string

/**
 * The one database of a run: a real PostgreSQL (PGlite), whose clock shows the time of the run. It runs one statement
 * after the other, each atomically. Tests on servers cover concurrent statements.
 */
export interface DatabaseServer {
  /** Direct access without the network, for observers outside the run. */
  readonly inside: Database
  /** Runs a statement at a moment of true time. Throws the errors of PostgreSQL. */
  run(statement: AnyStatement, params: readonly unknown[], atMs: number): Promise<Record<string, unknown>[]>
  transaction: Database['transaction']
  /** Sets the clock of the database, as each statement does. */
  setTime(atMs: number): Promise<void>
  listen(channel: string, listener: (payload: string) => void): Promise<() => Promise<void>>
  /**
   * Empties the database and sets the rewrite. Throws when the rewrite changes no statement, or when its result is
   * invalid SQL.
   */
  reset(rewrite?: Rewrite): Promise<void>
  close(): Promise<void>
}

const NOW = 'simulation.now'

const UNCHANGED: Rewrite = ({ text }) => text

/** Starts a server, which takes most of a second; it can serve any number of runs, one after the other. */
export async function startDatabaseServer(): Promise<DatabaseServer> {
  const pglite = await PGlite.create({
    loadDataDir: await prebuilt(),
    parsers: { [types.JSON]: (text: string) => text, [types.INT8]: Number },
  })
  const inside = databaseOn(pglite)
  await migrator(inside, allMigrations()).up()
  await createTestRoomTables(inside)
  await pglite.exec(`
    create or replace function clock_now() returns timestamptz
    language sql stable as $$ select current_setting('${NOW}')::timestamptz $$;
    set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_mergejoin = off; set jit = off;
    set ${NOW} = '${BEGINNING.toISOString()}'`)
  for (let day = -1; day <= 2; day++)
    await pglite.query(`select add_partition_day((clock_now() at time zone 'UTC')::date + $1::integer, 86400000)`, [
      day,
    ])
  const truncateAll = await truncationOf(pglite)
  const prepared = new Map<string, string>()
  let rewrite = UNCHANGED

  /** Prepares each statement once for all runs: planning takes longer than execution on a few rows. */
  async function nameOf({ name, text }: Pick<AnyStatement, 'name' | 'text'>): Promise<string> {
    const rewritten = rewrite({ name, text })
    const known = prepared.get(rewritten)
    if (known !== undefined) return known
    const own = `${name}_${prepared.size}`
    await pglite.exec(`prepare ${own} as ${rewritten}`)
    prepared.set(rewritten, own)
    return own
  }

  /**
   * Checks a rewrite before the run, in which invalid SQL would look like a failing statement, which breaks promises
   * too.
   */
  async function checkRewrite(next: Rewrite): Promise<void> {
    const changed = everyStatement.filter((each) => next(each) !== each.text)
    if (changed.length === 0) throw new Error('Cannot plant the bug: it changes no statement')
    for (const each of changed) await nameOf(each)
  }

  const momentOf = (atMs: number): string => new Date(BEGINNING.getTime() + atMs).toISOString()

  return {
    inside,
    async run(statement, params, atMs) {
      const name = await nameOf(statement)
      const given = params.length === 0 ? '' : `(${params.map(literalOf).join(', ')})`
      const results = await pglite.exec(`set ${NOW} = '${momentOf(atMs)}'; execute ${name}${given}`)
      return (results.at(-1)?.rows ?? []) as Record<string, unknown>[]
    },
    transaction: (work) => inside.transaction(work),
    async setTime(atMs) {
      await pglite.exec(`set ${NOW} = '${momentOf(atMs)}'`)
    },
    listen: (channel, listener) => pglite.listen(channel, listener),
    async reset(next) {
      rewrite = next ?? UNCHANGED
      if (next) await checkRewrite(next)
      await pglite.exec(`set ${NOW} = '${BEGINNING.toISOString()}'`)
      // Not by deleting rows: where later rows are stored, and so the order in which an update returns them, would depend on
      // the run before.
      await pglite.exec(truncateAll)
    },
    close: () => pglite.close(),
  }
}

/** One statement that empties all tables but those that the migrations themselves filled. */
async function truncationOf(pglite: PGlite): Promise<string> {
  const { rows } = await pglite.query<{ tables: string }>(`
    select string_agg(quote_ident(relname), ', ') as tables
    from pg_class
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relispartition
      and relname not in ('schema_migration', 'partition_day')`)
  return `truncate ${rows[0]?.tables}`
}
