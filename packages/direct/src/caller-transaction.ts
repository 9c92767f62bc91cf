import type { Queryable } from '@taskflow/database'
import { TaskFlowError } from '@taskflow/kernel'

/**
 * A connection of the caller with an open transaction. It runs a text with `$1`, `$2` … and resolves with rows, as the
 * clients of node-postgres and PGlite do. Other drivers need a small wrapper.
 */
export interface CallerTransaction {
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly unknown[] }>
}

const ENTER = `select current_setting('search_path') as before, set_config('search_path', $1, true)`
const LEAVE = `select set_config('search_path', $1, true)`
// PostgreSQL rejects this outside a transaction. The lock is weaker than that of the insert.
const REQUIRE_TRANSACTION = 'lock table task in access share mode'
const NO_ACTIVE_TRANSACTION = '25P01'

/** The last work on each connection whose search path is changed during the work. */
const lastWork = new WeakMap<CallerTransaction, Promise<unknown>>()

/**
 * Runs work on the caller's connection with TaskFlow's schema as the search path, and restores the search path
 * afterwards. If `schema` is given, works on one connection run one after the other, because concurrent ones would
 * restore the wrong search path.
 */
export function workWithin<Result>(
  tx: CallerTransaction,
  schema: string | undefined,
  work: (db: Queryable) => Promise<Result>,
): Promise<Result> {
  if (schema === undefined) return work(queryableOn(tx))
  const before = lastWork.get(tx) ?? Promise.resolve()
  const result = before.then(() => workInSchema(tx, schema, work))
  lastWork.set(
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
  // A failed transaction accepts no more statements; its end restores the search path.
  await tx.query(LEAVE, [before]).catch((error: unknown) => {
    if (outcome.status === 'fulfilled') throw error
  })
  if (outcome.status === 'rejected') throw outcome.reason
  return outcome.value
}

/**
 * Rejects a connection without an open transaction, because the task would be stored even if the caller's rows are not.
 *
 * @throws TRANSACTION_NOT_OPEN
 */
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

/** Parses `created_at`, because the caller's driver may return moments as text. */
function withMoment(row: object): object {
  return 'created_at' in row ? { ...row, created_at: new Date(row.created_at as Date | string) } : row
}
