/** Writes a value into SQL as the driver would send it: PGlite plans a statement with parameters again each time. */
export function literalOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return quoted(textOf(value))
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return `{${value.map(elementOf).join(',')}}`
  throw new TypeError(`Cannot write a value of type ${typeof value} into SQL`)
}

function elementOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return `"${textOf(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
