/** Runs each contender once a round, interleaved (A B A B …), so that all share the machine's good and bad minutes. */
export async function interleaved<Name extends string>(
  rounds: number,
  contenders: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, Spread>> {
  const names = Object.keys(contenders) as Name[]
  const rates = new Map<Name, number[]>(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const name of names) rates.get(name)?.push(await contenders[name]())
  }
  return Object.fromEntries(names.map((name) => [name, spreadOf(rates.get(name) ?? [])])) as Record<Name, Spread>
}

/** Of some rounds: rates a second, whole numbers. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function spreadOf(rates: readonly number[]): Spread {
  const sorted = rates.toSorted((a, b) => a - b).map(Math.round)
  return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 }
}

/** Items a second of some work. */
export async function rateOf(items: number, work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return (items / (performance.now() - startedMs)) * 1_000
}
