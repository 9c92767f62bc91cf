import { readFileSync } from 'node:fs'
import type { Statement } from './database.ts'

/** Names a constant SQL text and types it both ways. The suite prepares each one and compares its columns. */
export function statement<Params extends readonly unknown[], Row>(
  definition: Statement<Params, Row>,
): Statement<Params, Row> {
  return definition
}

/** Arrays, one for each column, from objects: how many rows travel to `unnest` in one statement. */
export function columnsOf<Item, const Readers extends readonly ((item: Item) => unknown)[]>(
  items: readonly Item[],
  readers: Readers,
): { [Index in keyof Readers]: ReturnType<Readers[Index]>[] } {
  return readers.map((read) => items.map(read)) as { [Index in keyof Readers]: ReturnType<Readers[Index]>[] }
}

/** A statement of no parameters that clears rows past their time. Retention runs those of all rooms, each round. */
export type Sweep = Statement<readonly [], never>

/**
 * The SQL of the file that has the same name as this module and the ending `.sql`: a constant text, which `psql` runs as it is.
 *
 * @param url `import.meta.url` of the module
 */
export const sqlBeside = (url: string): string => readFileSync(new URL(url.replace(/\.[jt]s$/, '.sql')), 'utf8')
