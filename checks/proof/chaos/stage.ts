import { setTimeout as pause } from 'node:timers/promises'
import { nowMs } from '@taskflow/testing/measuring/machine-clock'
import type { Violation } from '@taskflow/testing/promises'
import type { Callers } from './callers.ts'
import { doHarm } from './do-harm.ts'
import type { Fleet } from './fleet.ts'
import type { Crash } from './forgotten.ts'
import type { ProcessReports } from './process-reports.ts'
import type { Recovery } from './result.ts'
import { type Harm, type HarmKind, type Step, sentenceOf } from './schedule.ts'
import type { Servers } from './servers.ts'
import type { Watch } from './watch.ts'

/** The parts of a run in progress. */
export interface Scene {
  readonly servers: Servers
  readonly fleet: Fleet
  readonly watching: Watch
  readonly calling: Callers
  readonly reports: ProcessReports
  log(sentence: string): void
}

/** Does harm, and records the recoveries. */
export interface Stage {
  /** The number of harms of each kind. */
  readonly harms: Readonly<Partial<Record<HarmKind, number>>>
  readonly crashes: readonly Crash[]
  readonly recoveries: readonly Recovery[]
  readonly violations: readonly Violation[]
  /** Does the harms of a step, and waits for the recovery. */
  play(step: Step): Promise<void>
}

const RECOVERY_MS = 90_000
// Harms after which PostgreSQL may have lost claims. A full disk is one: PostgreSQL crashes when it cannot write its
// WAL.
const CRASHES: readonly HarmKind[] = ['crash PostgreSQL', 'kill PostgreSQL', 'fill the disk']

export function stage(scene: Scene): Stage {
  const { watching, calling, reports, log } = scene
  const harms: Partial<Record<HarmKind, number>> = {}
  const crashes: Crash[] = []
  const recoveries: Recovery[] = []
  const violations: Violation[] = []

  async function harmOnce(harm: Harm): Promise<void> {
    harms[harm.kind] = (harms[harm.kind] ?? 0) + 1
    log(sentenceOf(harm))
    const fromMs = nowMs()
    violations.push(...(await doHarm(harm, scene)))
    if (CRASHES.includes(harm.kind)) crashes.push({ fromMs, toMs: nowMs() })
  }

  async function recover(kinds: readonly HarmKind[], deathsBefore: number): Promise<void> {
    const endMs = nowMs()
    const [probe, since] = await Promise.all([calling.probe(RECOVERY_MS), watching.untilCalm(endMs, RECOVERY_MS)])
    if ('stillIs' in probe || since === undefined) {
      const what =
        'stillIs' in probe
          ? `a task submitted after it is still ${probe.stillIs}`
          : 'tasks still wait, or silent workers hold them,'
      const sentence = `${kinds.join(' and ')}: ${what} ${RECOVERY_MS / 1_000} s after its end`
      violations.push({ promise: 'recovery', sentence })
      return log(sentence)
    }
    const firstTaskMs = probe.ranAfterMs
    const calmMs = since - endMs
    const isDisturbed = reports.counts.deaths > deathsBefore
    recoveries.push({ harms: kinds, firstTaskMs: Math.round(firstTaskMs), calmMs: Math.round(calmMs), isDisturbed })
    log(
      `recovered: a new task had run ${seconds(firstTaskMs)} after the end of the harm, and the cluster was calm after ${seconds(calmMs)}`,
    )
  }

  return {
    harms,
    crashes,
    recoveries,
    violations,
    async play({ harms: together, pauseMs }) {
      const { deaths } = reports.counts
      await Promise.all(together.map(harmOnce))
      await recover(
        together.map(({ kind }) => kind),
        deaths,
      )
      await pause(pauseMs)
    },
  }
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
