import { nowMs } from '@taskflow/testing/measuring/machine-clock'
import type { Ended } from '@taskflow/testing/open-processes'
import type { Violation } from '@taskflow/testing/promises'
import type { Witness } from '@taskflow/testing/witness'
import type { LogLine } from './fleet.ts'

/** Reads the logs and the ends of the processes of a run. */
export interface ProcessReports {
  readonly witnesses: readonly Witness[]
  /** Processes that ended without a request: none may, whatever harm is done to their servers. */
  readonly violations: readonly Violation[]
  readonly counts: Readonly<Record<'refusedAsStale' | 'workersLost' | 'deaths', number>>
  onLog(incarnation: string, line: LogLine): void
  onDeath(name: string, ended: Ended): void
}

export function processReports(log: (sentence: string) => void): ProcessReports {
  const witnesses: Witness[] = []
  const violations: Violation[] = []
  const counts = { refusedAsStale: 0, workersLost: 0, deaths: 0 }
  return {
    witnesses,
    violations,
    counts,
    onLog(holder, { msg = '', id, taskId, leaseId, term }) {
      const atMs = nowMs()
      if (/its lease was lost/.test(msg)) {
        counts.refusedAsStale++
        witnesses.push({ kind: 'refused', atMs, taskId: String(taskId), leaseId: String(leaseId) })
      } else if (/it is marked lost$/.test(msg)) {
        counts.workersLost++
        witnesses.push({ kind: 'lost', atMs, workerId: String(id) })
      } else if (/is now the leader/.test(msg)) witnesses.push({ kind: 'elected', atMs, holder, term: Number(term) })
    },
    onDeath(name, { code, signal }) {
      log(`${name} ended with ${signal ?? code} without a request to stop; it is restarted`)
      // Some tasks kill the process that runs them.
      if (signal === 'SIGKILL' && name.startsWith('worker-')) counts.deaths++
      else
        violations.push({
          promise: 'process',
          sentence: `${name} ended with ${signal ?? code} without a request to stop`,
        })
    },
  }
}
