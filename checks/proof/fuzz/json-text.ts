/** JSON text that `JSON.stringify` would not write, as part of a value. */
export class Raw {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Writes JSON, with raw texts and minus zero. Lone surrogates become escapes, as with `JSON.stringify`. */
export function jsonText(value: unknown): string {
  if (value instanceof Raw) return value.text
  if (Object.is(value, -0)) return '-0'
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([name, each]) => `${JSON.stringify(name)}:${jsonText(each)}`)
    .join(',')}}`
}
