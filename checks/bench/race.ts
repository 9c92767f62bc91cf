import { BULLMQ_REDIS, type Contender, GRAPHILE, PEERS } from './contenders.ts'
import type { Figures } from './rounds.ts'
import type { Bench, Contest } from './scenario.ts'

/**
 * Measures each contender in the same way; a contender that is not available has the reason in its place. A quick run has
 * TaskFlow and one peer.
 */
export function race(
  bench: Bench,
  contenders: readonly Contender[],
  measure: (contender: Contender, round: number) => Promise<Figures>,
): Contest {
  const peer = bench.services.missing.redis === undefined ? BULLMQ_REDIS : GRAPHILE
  const isEntered = (contender: Contender): boolean =>
    !PEERS.includes(contender) || (!bench.isAlone && (!bench.isQuick || contender === peer))
  const entered = contenders.filter(isEntered)
  return Object.fromEntries(
    entered.map((contender) => {
      const missing = missingOf(bench, contender)
      if (missing !== undefined) return [contender.title, { missing }]
      const { title, mostRounds = Number.POSITIVE_INFINITY } = contender
      return [title, (round) => (round > mostRounds ? undefined : measure(contender, round))]
    }),
  )
}

export function missingOf({ services, python }: Bench, { stores, isPython }: Contender): string | undefined {
  for (const store of stores) {
    const missing = store === 'postgresql' ? undefined : services.missing[store]
    if (missing !== undefined) return missing
  }
  const found = isPython ? python() : undefined
  return found && 'missing' in found ? found.missing : undefined
}
