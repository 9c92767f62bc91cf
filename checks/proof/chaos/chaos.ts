import { cpSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { nowMs } from '@taskflow/testing/measuring/machine-clock'
import { tempFolder } from '@taskflow/testing/temp-folder'
import { chanceOf } from '../simulation/chance.ts'
import { callers } from './callers.ts'
import { conclude } from './conclude.ts'
import { startFleet } from './fleet.ts'
import { processReports } from './process-reports.ts'
import type { ChaosResult } from './result.ts'
import { type HarmKind, kindsOf, type Shape, scheduleOf } from './schedule.ts'
import { type Servers, startServers } from './servers.ts'
import { stage } from './stage.ts'
import { watch } from './watch.ts'

export interface ChaosOptions extends Shape {
  /** How long harm is done. Harm that has begun is completed, so the run may take a little longer. */
  readonly minutes: number
  readonly tasksPerSecond: number
  /** The kinds of harm to do; default: every kind that is possible. */
  readonly only?: readonly HarmKind[] | undefined
  /** The folder that keeps logs and witness files; absent: none is kept. */
  readonly keepIn?: string | undefined
  /** Receives each event of the run, with its second. */
  log(sentence: string): void
}

const SLOTS = 25
// Time before the first harm, for the load to reach its full rate.
const WARM_UP_MS = 5_000

/** Runs a cluster under load, harms it for the given minutes, waits until it is idle, and checks the promises. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { path: folder, remove } = tempFolder('chaos')
  try {
    const servers = await startServers(options.broker)
    try {
      return await runOver(servers, folder, options)
    } finally {
      await servers.stop()
    }
  } finally {
    if (options.keepIn !== undefined) cpSync(folder, options.keepIn, { recursive: true })
    remove()
  }
}

async function runOver(servers: Servers, folder: string, options: ChaosOptions): Promise<ChaosResult> {
  const { seed, broker, tasksPerSecond, minutes, only = kindsOf(broker) } = options
  const startedMs = nowMs()
  const secondsSoFar = (): number => (nowMs() - startedMs) / 1_000
  const log = (sentence: string): void => options.log(`${secondsSoFar().toFixed(1).padStart(6)} s  ${sentence}`)
  const missing: Partial<Record<HarmKind, string>> =
    servers.whyNoDisk === undefined ? {} : { 'fill the disk': servers.whyNoDisk }
  for (const [kind, reason] of Object.entries(missing)) log(`Harm of kind "${kind}" is not possible: ${reason}`)

  const reports = processReports(log)
  const fleet = await startFleet({ shape: options, servers, folder, slots: SLOTS, ...reports })
  const watching = watch(() => servers.postgres.primaryUrl)
  const chance = chanceOf(`load ${seed}`)
  const calling = callers({ urls: fleet.apiUrls, tasksPerSecond, chance, run: `chaos-${seed}` })
  try {
    log(`${servers.versions.join(', ')}; every process is ready; callers submit ${tasksPerSecond} tasks a second`)
    const scene = { servers, fleet, watching, calling, reports, log }
    const acts = stage(scene)
    await pause(WARM_UP_MS)
    const untilMs = nowMs() + minutes * 60_000
    const kinds = only.filter((kind) => !(kind in missing))
    if (kinds.length === 0) throw new Error(`No kind of harm is possible on this machine: ${only.join(', ')}`)
    for (const step of scheduleOf(options, kinds)) {
      if (nowMs() >= untilMs) break
      await acts.play(step)
    }
    const result = await conclude(scene, acts, folder)
    return { ...result, missing, seconds: Math.round(secondsSoFar()) }
  } finally {
    calling.hangUp()
    await watching.stop()
    await fleet.close()
  }
}
