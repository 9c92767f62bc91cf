/** A seeded random generator: the same seed gives the same draws on every machine. */
export interface Chance {
  /** Returns a number, uniform in [0, 1). */
  next(): number
  /** Returns an integer from `least` to `most`, both included. */
  between(least: number, most: number): number
  /** Returns true with the given probability. */
  happens(share: number): boolean
  pick<Item>(items: readonly Item[]): Item
  /** Returns a separate generator for a part, so that the draws of one part do not affect those of another. */
  of(part: string): Chance
}

export function chanceOf(seed: string): Chance {
  const next = splitMix32(hashOf(seed))
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1))
  return {
    next,
    between,
    happens: (share) => next() < share,
    pick(items) {
      if (items.length === 0) throw new TypeError('Cannot pick from nothing')
      return items[between(0, items.length - 1)] as (typeof items)[number]
    },
    of: (part) => chanceOf(`${seed}/${part}`),
  }
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return hash >>> 0
}

/** SplitMix32: 32 bits of state, enough for what one run draws (Steele, Lea and Flood, OOPSLA 2014). */
function splitMix32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32
  }
}
