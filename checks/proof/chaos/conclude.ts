import { postgresDatabase } from '@taskflow/database'
import type { Violation } from '@taskflow/testing/promises'
import type { ChaosResult } from './result.ts'
import type { Scene, Stage } from './stage.ts'
import { verdictOf } from './verdict.ts'
import { readWitnessFiles } from './witness-file.ts'

const REST_MS = 180_000

/** Waits after the last harm until all tasks have finished, stops the processes, and checks the outcome. */
export async function conclude(
  { servers, fleet, watching, calling, reports, log }: Scene,
  acts: Stage,
  folder: string,
): Promise<Omit<ChaosResult, 'missing' | 'seconds'>> {
  log('The last harm is over. Callers complete their calls, and the cluster finishes its tasks')
  const unanswered = await calling.end()
  const isAtRest = await watching.untilFinished(REST_MS)
  log(isAtRest ? 'Every task has finished' : `Some tasks did not finish within ${REST_MS / 1_000} s`)
  const violations: Violation[] = [...acts.violations]
  if (unanswered > 0) violations.push({ promise: 'API', sentence: `${unanswered} callers never received an answer` })
  for (const sentence of calling.surprises) violations.push({ promise: 'API', sentence })
  violations.push(...(await fleet.end()), ...reports.violations)

  const db = postgresDatabase({ url: servers.postgres.url })
  try {
    const verdict = await verdictOf({
      db,
      witnesses: [...calling.witnesses, ...reports.witnesses],
      lines: readWitnessFiles(folder),
      crashes: acts.crashes,
    })
    violations.push(...verdict.violations)
    return {
      accepted: calling.accepted.size,
      figures: verdict.figures,
      lost: violations.filter(({ promise }) => promise === 'P1' || promise === 'P2').length,
      doubled: violations.filter(isDoubled).length,
      forgottenClaims: verdict.forgottenClaims,
      ...reports.counts,
      calls: calling.tally,
      harms: acts.harms,
      recoveries: acts.recoveries,
      violations,
      versions: servers.versions,
    }
  } finally {
    await db.close()
  }
}

const isDoubled = ({ promise, sentence }: Violation): boolean =>
  promise === 'P3' || (promise === 'invariant' && /accepted twice|shares a lease/.test(sentence))
