import { type Check, TOLERANCE_MS } from './scene.ts'

// Ten missed heartbeats: no worker may be marked lost earlier. Written a second time, so that the check does not depend on
// the value that it checks.
const LOST_AFTER_MS = 10_000

/**
 * P4: no live worker is marked lost. How soon the tasks of a lost worker run again is checked by the tests that cause the
 * loss.
 */
export const deadWorkers: Check = ({ witnesses }) => {
  const lastBeat = new Map<string, number>()
  const lost = new Set<string>()
  const violations: string[] = []
  for (const each of witnesses) {
    if (each.kind === 'heartbeat') {
      if (lost.has(each.workerId)) violations.push(`worker ${each.workerId} beats though it was marked lost`)
      lastBeat.set(each.workerId, each.atMs)
    }
    if (each.kind !== 'lost') continue
    lost.add(each.workerId)
    const silentMs = each.atMs - (lastBeat.get(each.workerId) ?? Number.NEGATIVE_INFINITY)
    if (silentMs < LOST_AFTER_MS - TOLERANCE_MS)
      violations.push(`worker ${each.workerId} was marked lost ${Math.round(silentMs)} ms after a heartbeat`)
  }
  return violations
}
