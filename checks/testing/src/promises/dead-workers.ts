import { type Check, TOLERANCE_MS } from './scene.ts'

// Ten heartbeats that did not come: younger than this no worker may be declared dead.
const SILENT_AFTER_MS = 10_000

/** P4: no worker is taken for dead that lives. How soon what a dead one held is back only those know who know what was harmed. */
export const deadWorkers: Check = ({ witnesses }) => {
  const lastBeat = new Map<string, number>()
  const buried = new Set<string>()
  const violations: string[] = []
  for (const each of witnesses) {
    if (each.kind === 'heartbeat') {
      if (buried.has(each.workerId)) violations.push(`worker ${each.workerId} beats though it was declared dead`)
      lastBeat.set(each.workerId, each.atMs)
    }
    if (each.kind !== 'lost') continue
    buried.add(each.workerId)
    const silentMs = each.atMs - (lastBeat.get(each.workerId) ?? Number.NEGATIVE_INFINITY)
    if (silentMs < SILENT_AFTER_MS - TOLERANCE_MS)
      violations.push(`worker ${each.workerId} was declared dead ${Math.round(silentMs)} ms after a heartbeat`)
  }
  return violations
}
