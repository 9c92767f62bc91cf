import { PGlite, types } from '@electric-sql/pglite'
import { dataDir as prebuilt } from '@electric-sql/pglite-prepopulatedfs'
import type { Database, Statement } from '@taskflow/database'
import { databaseOn, migrator } from '@taskflow/database'
import { everyStatement } from '@taskflow/rooms/every-statement'
import { allMigrations } from '@taskflow/rooms/migrations'
import { BEGINNING } from './host.ts'
import { literalOf } from './literal.ts'

type AnyStatement = Statement<readonly unknown[], Record<string, unknown>>

/** What a run puts in place of a statement's text, to see that it is missed. */
export type Rewrite = (statement: { readonly name: string; readonly text: string }) => string

/**
 * The one database of a run: a real PostgreSQL (PGlite), whose clock stands at the run's own time. It does one statement
 * after the other, each as a whole: what two statements do to each other while both are under way is for tests on servers.
 */
export interface DatabaseServer {
  /** Without a link between: for whoever looks from outside of the run. */
  readonly inside: Database
  /** As of that moment of true time. Throws what PostgreSQL says. */
  run(statement: AnyStatement, params: readonly unknown[], atMs: number): Promise<Record<string, unknown>[]>
  transaction: Database['transaction']
  /** Moves the database's clock; each statement that is run does. */
  setTime(atMs: number): Promise<void>
  listen(channel: string, listener: (payload: string) => void): Promise<() => Promise<void>>
  /** As it was when it was made; statements are then rewritten by this. Throws when it fits none of them, or what it makes of one is no SQL. */
  reset(rewrite?: Rewrite): Promise<void>
  close(): Promise<void>
}

const NOW = 'simulation.now'

const AS_IT_IS: Rewrite = ({ text }) => text

/** Takes the better part of a second; then one serves any number of runs, one after the other. */
export async function startDatabaseServer(): Promise<DatabaseServer> {
  const pglite = await PGlite.create({
    loadDataDir: await prebuilt(),
    parsers: { [types.JSON]: (text: string) => text, [types.INT8]: Number },
  })
  const inside = databaseOn(pglite)
  await migrator(inside, allMigrations()).up()
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
  let rewrite = AS_IT_IS

  /** Planned once for all runs: planning takes longer than a run of a few rows. */
  async function nameOf({ name, text }: Pick<AnyStatement, 'name' | 'text'>): Promise<string> {
    const rewritten = rewrite({ name, text })
    const known = prepared.get(rewritten)
    if (known !== undefined) return known
    const own = `${name}_${prepared.size}`
    await pglite.exec(`prepare ${own} as ${rewritten}`)
    prepared.set(rewritten, own)
    return own
  }

  /** Within a run what does not fit would look like a statement that fails, which breaks promises too. */
  async function seeThatItFits(next: Rewrite): Promise<void> {
    const changed = everyStatement.filter((each) => next(each) !== each.text)
    if (changed.length === 0) throw new Error('Cannot plant the bug: no statement is changed by it')
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
      rewrite = next ?? AS_IT_IS
      if (next) await seeThatItFits(next)
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
