import type { Ended } from '@taskflow/testing/open-processes'
import type { Violation } from '@taskflow/testing/promises'
import type { Witness } from '@taskflow/testing/witness'
import type { LogLine } from './fleet.ts'
import { machineMs } from './machine-time.ts'

/** What the processes of a run say of themselves in their logs, and how they end. */
export interface ProcessReports {
  readonly witnesses: readonly Witness[]
  /** Processes that ended of themselves: none may, whatever is done to what they talk to. */
  readonly violations: readonly Violation[]
  readonly counts: Readonly<Record<'refusedAsStale' | 'workersLost' | 'deaths', number>>
  onLog(life: string, line: LogLine): void
  onDeath(name: string, ended: Ended): void
}

export function processReports(say: (sentence: string) => void): ProcessReports {
  const witnesses: Witness[] = []
  const violations: Violation[] = []
  const counts = { refusedAsStale: 0, workersLost: 0, deaths: 0 }
  return {
    witnesses,
    violations,
    counts,
    onLog(holder, { msg = '', id, taskId, leaseId, term }) {
      const atMs = machineMs()
      if (/its lease was lost/.test(msg)) {
        counts.refusedAsStale++
        witnesses.push({ kind: 'refused', atMs, taskId: String(taskId), leaseId: String(leaseId) })
      } else if (/it is marked lost$/.test(msg)) {
        counts.workersLost++
        witnesses.push({ kind: 'lost', atMs, workerId: String(id) })
      } else if (/is now the leader/.test(msg)) witnesses.push({ kind: 'elected', atMs, holder, term: Number(term) })
    },
    onDeath(name, { code, signal }) {
      say(`${name} ended with ${signal ?? code}, of which nobody had told it; another takes its place`)
      // Some tasks kill the process that runs them.
      if (signal === 'SIGKILL' && name.startsWith('worker-')) counts.deaths++
      else violations.push({ promise: 'process', sentence: `${name} ended with ${signal ?? code} of its own accord` })
    },
  }
}
