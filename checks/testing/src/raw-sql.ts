import { createHash } from 'node:crypto'
import type { Database, Queryable } from '@taskflow/database'
import { statement } from '@taskflow/database'

/** Reads what no method of the storage returns. */
export function rowsOf<Row>(db: Queryable, text: string, params: readonly unknown[] = []): Promise<Row[]> {
  // A server remembers a text by its name.
  const name = `testing_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
  return db.run(statement<readonly unknown[], Row>({ name, columns: [], text }), params)
}

export const script = (db: Database, text: string): Promise<void> => db.transaction((tx) => tx.script(text))
