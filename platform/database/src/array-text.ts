/**
 * Arrays of PostgreSQL as text, as parameters that every driver passes on as they are. Drivers write arrays item by item, testing
 * each for what it is: several times the cost.
 */
export type ArrayText<Item> = string & { readonly __items?: Item }

/** Of what needs no quotes: uuids, numbers, moments. Where nothing is given it is empty: `unnest` makes up for it with nulls. */
export function plainArray<Item extends string | number | Date | null>(items: readonly Item[]): ArrayText<Item> {
  if (items.every((item) => item === null)) return '{}'
  return `{${items.map((item) => (item instanceof Date ? item.toISOString() : (item ?? 'null'))).join(',')}}`
}

const SPECIAL = /["\\]/g

/** Of any text, JSON included. Empty where nothing is given, as above. */
export function textArray<Item extends string | null>(items: readonly Item[]): ArrayText<Item> {
  if (items.every((item) => item === null)) return '{}'
  return `{${items.map((item) => (item === null ? 'null' : `"${item.replace(SPECIAL, '\\$&')}"`)).join(',')}}`
}
