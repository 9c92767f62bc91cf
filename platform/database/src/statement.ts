import { readFileSync } from 'node:fs'
import type { Statement } from './database.ts'

/** Defines a statement with typed parameters and rows. A test prepares every statement and compares its columns. */
export function statement<Params extends readonly unknown[], Row>(
  definition: Statement<Params, Row>,
): Statement<Params, Row> {
  return definition
}

/** Turns objects into arrays, one per column, so that one statement can read many rows with `unnest`. */
export function columnsOf<Item, const Readers extends readonly ((item: Item) => unknown)[]>(
  items: readonly Item[],
  readers: Readers,
): { [Index in keyof Readers]: ReturnType<Readers[Index]>[] } {
  return readers.map((read) => items.map(read)) as { [Index in keyof Readers]: ReturnType<Readers[Index]>[] }
}

/**
 * A statement without parameters that deletes expired rows. Each round of the retention duty runs the sweeps of all
 * rooms.
 */
export type Sweep = Statement<readonly [], never>

/**
 * Reads the SQL from the file beside the module, with the same name and the extension `.sql`. `psql` can run the file
 * unchanged.
 *
 * @param url the `import.meta.url` of the module
 */
export const sqlBeside = (url: string): string => readFileSync(new URL(url.replace(/\.[jt]s$/, '.sql')), 'utf8')
