import { type Check, TOLERANCE_MS } from './scene.ts'

/** P6: a term is one leader's, and none comes again. Of ticks there is nothing to say until there are schedules. */
export const oneLeader: Check = ({ seen, term: lastTerm }) => {
  const elections = seen('elected')
  const violations: string[] = []
  for (const [term, led] of Map.groupBy(elections, (each) => each.term)) {
    const holders = new Set(led.map(({ holder }) => holder))
    if (holders.size > 1) violations.push(`${[...holders].join(' and ')} led in the same term ${term}`)
    if (term > lastTerm) violations.push(`term ${term} was led, and the database knows of ${lastTerm} only`)
  }
  elections.forEach(({ holder, term, atMs }, index) => {
    const later = elections.slice(0, index).find((each) => each.term > term && each.atMs < atMs - TOLERANCE_MS)
    if (later) violations.push(`${holder} began term ${term} after ${later.holder} had begun term ${later.term}`)
  })
  return violations
}
