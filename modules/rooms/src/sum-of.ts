type Part<Value> = readonly [owner: string, entries: Readonly<Record<string, Value>> | undefined]

/**
 * Merges entries that several owners define by name.
 *
 * @param kind what an entry is, for the error: "error", "permission"
 * @throws TypeError naming both owners if two define the same name, since one entry would silently replace the other
 */
export function sumOf<Value>(kind: string, parts: readonly Part<Value>[]): Readonly<Record<string, Value>> {
  const sum: Record<string, Value> = {}
  const owners = new Map<string, string>()
  for (const [owner, entries = {}] of parts) {
    for (const [name, value] of Object.entries(entries)) {
      const other = owners.get(name)
      if (other !== undefined) throw new TypeError(`Both ${other} and ${owner} define the ${kind} ${name}`)
      owners.set(name, owner)
      sum[name] = value
    }
  }
  return sum
}

/** @throws TypeError naming both owners if two have the same name */
export function checkDistinct(kind: string, names: readonly (readonly [owner: string, name: string])[]): void {
  sumOf(
    kind,
    names.map(([owner, name]) => [owner, { [name]: true }]),
  )
}
