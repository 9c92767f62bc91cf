import type { Queryable } from '@taskflow/database'
import { TaskFlowError } from '@taskflow/kernel'

/**
 * A connection of the caller's on which a transaction is open: anything that runs a text with `$1`, `$2` … and resolves
 * with rows, as the clients of node-postgres and PGlite do. For others a wrapper of one line will do.
 */
export interface CallerTransaction {
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly unknown[] }>
}

const ENTER = `select current_setting('search_path') as before, set_config('search_path', $1, true)`
const LEAVE = `select set_config('search_path', $1, true)`
// Refused outside of a transaction, and no more than the insert itself asks for.
const REQUIRE_TRANSACTION = 'lock table task in access share mode'
const NO_ACTIVE_TRANSACTION = '25P01'

/** What was begun last on each connection whose settings are changed meanwhile. */
const underWay = new WeakMap<CallerTransaction, Promise<unknown>>()

/**
 * Runs work on the caller's connection, where it finds our tables, and leaves the connection's settings as they were.
 * Where they are changed, one work waits for the other: begun at once they would leave each other's behind.
 */
export function workWithin<Result>(
  tx: CallerTransaction,
  schema: string | undefined,
  work: (db: Queryable) => Promise<Result>,
): Promise<Result> {
  if (schema === undefined) return work(queryableOn(tx))
  const before = underWay.get(tx) ?? Promise.resolve()
  const result = before.then(() => workInSchema(tx, schema, work))
  underWay.set(
    tx,
    result.catch(() => {}),
  )
  return result
}

async function workInSchema<Result>(
  tx: CallerTransaction,
  schema: string,
  work: (db: Queryable) => Promise<Result>,
): Promise<Result> {
  const { rows } = await tx.query(ENTER, [schema])
  const { before } = rows[0] as { before: string }
  const [outcome] = await Promise.allSettled([work(queryableOn(tx))])
  // A transaction that has failed takes no more statements; its end puts the setting back.
  await tx.query(LEAVE, [before]).catch((error: unknown) => {
    if (outcome.status === 'fulfilled') throw error
  })
  if (outcome.status === 'rejected') throw outcome.reason
  return outcome.value
}

/** Refuses a connection without a transaction: there the task would be stored at once, whatever becomes of the caller's rows. */
export async function requireTransaction(tx: CallerTransaction): Promise<void> {
  await tx.query(REQUIRE_TRANSACTION, []).catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== NO_ACTIVE_TRANSACTION) throw error
    throw new TaskFlowError('TRANSACTION_NOT_OPEN', 'No transaction is open on the connection given as `tx`', {
      cause: error,
    })
  })
}

function queryableOn(tx: CallerTransaction): Queryable {
  return {
    async run<Row>({ text }: { readonly text: string }, params: readonly unknown[]) {
      const { rows } = await tx.query(text, [...params])
      return rows.map((row) => withMoment(row as object)) as Row[]
    },
  }
}

/** A caller may have told its driver to leave moments as text. */
function withMoment(row: object): object {
  return 'created_at' in row ? { ...row, created_at: new Date(row.created_at as Date | string) } : row
}
