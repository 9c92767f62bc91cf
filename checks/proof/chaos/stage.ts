import { setTimeout as pause } from 'node:timers/promises'
import type { Violation } from '@taskflow/testing/promises'
import type { Callers } from './callers.ts'
import { doHarm } from './do-harm.ts'
import type { Fleet } from './fleet.ts'
import type { Crash } from './forgotten.ts'
import { machineMs } from './machine-time.ts'
import type { ProcessReports } from './process-reports.ts'
import type { Recovery } from './result.ts'
import { type Harm, type HarmKind, type Step, sentenceOf } from './schedule.ts'
import type { Servers } from './servers.ts'
import type { Watch } from './watch.ts'

/** Everything of a run that is under way. */
export interface Scene {
  readonly servers: Servers
  readonly fleet: Fleet
  readonly watching: Watch
  readonly calling: Callers
  readonly reports: ProcessReports
  say(sentence: string): void
}

/** Where harm is done. */
export interface Stage {
  /** How often each kind was. */
  readonly harms: Readonly<Partial<Record<HarmKind, number>>>
  readonly crashes: readonly Crash[]
  readonly recoveries: readonly Recovery[]
  readonly violations: readonly Violation[]
  /** Does harm, and waits until all has recovered from it. */
  play(step: Step): Promise<void>
}

const RECOVERY_MS = 90_000
// After these PostgreSQL may have forgotten claims. A full disk is one of them: where its log has no room, it ends itself.
const CRASHES: readonly HarmKind[] = ['crash PostgreSQL', 'kill PostgreSQL', 'fill the disk']

export function stage(scene: Scene): Stage {
  const { watching, calling, reports, say } = scene
  const harms: Partial<Record<HarmKind, number>> = {}
  const crashes: Crash[] = []
  const recoveries: Recovery[] = []
  const violations: Violation[] = []

  async function harmOnce(harm: Harm): Promise<void> {
    harms[harm.kind] = (harms[harm.kind] ?? 0) + 1
    say(sentenceOf(harm))
    const fromMs = machineMs()
    violations.push(...(await doHarm(harm, scene)))
    if (CRASHES.includes(harm.kind)) crashes.push({ fromMs, toMs: machineMs() })
  }

  async function recover(kinds: readonly HarmKind[], deathsBefore: number): Promise<void> {
    const endMs = machineMs()
    const [probe, since] = await Promise.all([calling.probe(RECOVERY_MS), watching.untilCalm(endMs, RECOVERY_MS)])
    if ('stillIs' in probe || since === undefined) {
      const what =
        'stillIs' in probe
          ? `a task submitted after it had not run, and is ${probe.stillIs},`
          : 'tasks still waited, or were held by the dead,'
      const sentence = `${kinds.join(' and ')}: ${what} ${RECOVERY_MS / 1_000} s after its end`
      violations.push({ promise: 'recovery', sentence })
      return say(sentence)
    }
    const firstTaskMs = probe.ranAfterMs
    const calmMs = since - endMs
    const isDisturbed = reports.counts.deaths > deathsBefore
    recoveries.push({ harms: kinds, firstTaskMs: Math.round(firstTaskMs), calmMs: Math.round(calmMs), isDisturbed })
    say(`over; ${seconds(firstTaskMs)} after its end a new task had run, and ${seconds(calmMs)} after it all was well`)
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
