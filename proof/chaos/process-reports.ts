import type { Ended } from '@taskflow/testing/open-processes'
import type { Witness } from '@taskflow/testing/witness'
import type { LogLine } from './fleet.ts'
import { machineMs } from './machine-time.ts'

/** What the processes of a run say of themselves in their logs, and how they end. */
export interface ProcessReports {
  readonly witnesses: readonly Witness[]
  readonly counts: Readonly<Record<'refusedAsStale' | 'workersBuried' | 'deaths', number>>
  onLog(life: string, line: LogLine): void
  onDeath(name: string, ended: Ended): void
}

export function processReports(say: (sentence: string) => void): ProcessReports {
  const witnesses: Witness[] = []
  const counts = { refusedAsStale: 0, workersBuried: 0, deaths: 0 }
  return {
    witnesses,
    counts,
    onLog(holder, { msg = '', id, taskId, leaseId, term }) {
      const atMs = machineMs()
      if (/its lease was lost/.test(msg)) {
        counts.refusedAsStale++
        witnesses.push({ kind: 'refused', atMs, taskId: String(taskId), leaseId: String(leaseId) })
      } else if (/was declared dead$/.test(msg)) {
        counts.workersBuried++
        witnesses.push({ kind: 'buried', atMs, workerId: String(id) })
      } else if (/leads now/.test(msg)) witnesses.push({ kind: 'elected', atMs, holder, term: Number(term) })
    },
    onDeath(name, { code, signal }) {
      counts.deaths++
      say(`${name} ended with ${signal ?? code}, of which nobody had told it; another takes its place`)
    },
  }
}
