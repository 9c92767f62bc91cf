/**
 * A PostgreSQL array as text, which drivers pass on unchanged. A driver that formats an array tests the type of each
 * item, at several times the cost.
 */
export type ArrayText<Item> = string & { readonly __items?: Item }

/**
 * Formats items that need no quotes: UUIDs, numbers and moments. Returns an empty array if all items are null, because
 * `unnest` of several arrays fills the shorter ones with nulls.
 */
export function plainArray<Item extends string | number | Date | null>(items: readonly Item[]): ArrayText<Item> {
  if (items.every((item) => item === null)) return '{}'
  return `{${items.map((item) => (item instanceof Date ? item.toISOString() : (item ?? 'null'))).join(',')}}`
}

const SPECIAL = /["\\]/g

/** Formats any text, including JSON. Returns an empty array if all items are null, like `plainArray`. */
export function textArray<Item extends string | null>(items: readonly Item[]): ArrayText<Item> {
  if (items.every((item) => item === null)) return '{}'
  return `{${items.map((item) => (item === null ? 'null' : `"${item.replace(SPECIAL, '\\$&')}"`)).join(',')}}`
}
