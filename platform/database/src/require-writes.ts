import { TaskFlowError } from '@taskflow/kernel'
import type { Queryable } from './database.ts'
import { checkWrites } from './statements/check-writes.ts'

/**
 * Resolves if the database would store a submission now.
 *
 * @throws DATABASE_UNAVAILABLE if it does not answer, has no free connection, or only allows reads: a standby, a former
 * primary, or a role or database with `default_transaction_read_only`
 */
export async function requireWrites(db: Queryable): Promise<void> {
  const [row] = await db.run(checkWrites, [])
  if (row?.accepts_writes !== true) throw new TaskFlowError('DATABASE_UNAVAILABLE', 'The database only allows reads')
}
