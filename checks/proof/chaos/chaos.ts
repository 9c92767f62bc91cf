import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { chanceOf } from '../simulation/chance.ts'
import { callers } from './callers.ts'
import { conclude } from './conclude.ts'
import { startFleet } from './fleet.ts'
import { machineMs } from './machine-time.ts'
import { processReports } from './process-reports.ts'
import type { ChaosResult } from './result.ts'
import { type HarmKind, kindsOf, type Shape, scheduleOf } from './schedule.ts'
import { type Servers, startServers } from './servers.ts'
import { stage } from './stage.ts'
import { watch } from './watch.ts'

export interface ChaosOptions extends Shape {
  /** How long harm is done. What is begun is ended, so it may be a little longer. */
  readonly minutes: number
  readonly tasksPerSecond: number
  /** The kinds of harm to do; all that can be had where absent. */
  readonly only?: readonly HarmKind[] | undefined
  /** Where logs and what was witnessed are kept; nowhere if absent. */
  readonly keepIn?: string | undefined
  /** Told what happens, with the second in which it does. */
  say(sentence: string): void
}

const SLOTS = 25
// Before the first harm, so that what is harmed is in full swing.
const WARM_UP_MS = 5_000

/** One run: a cluster under load, harm for so many minutes, rest, and what came of it all. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const folder = mkdtempSync(join(tmpdir(), 'taskflow-chaos-'))
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true })
  process.once('exit', removeFolder)
  try {
    const servers = await startServers(options.broker)
    try {
      return await runOver(servers, folder, options)
    } finally {
      await servers.stop()
    }
  } finally {
    if (options.keepIn !== undefined) cpSync(folder, options.keepIn, { recursive: true })
    process.off('exit', removeFolder)
    removeFolder()
  }
}

async function runOver(servers: Servers, folder: string, options: ChaosOptions): Promise<ChaosResult> {
  const { seed, broker, tasksPerSecond, minutes, only = kindsOf(broker) } = options
  const startedMs = machineMs()
  const secondsSoFar = (): number => (machineMs() - startedMs) / 1_000
  const say = (sentence: string): void => options.say(`${secondsSoFar().toFixed(1).padStart(6)} s  ${sentence}`)
  const missing: Partial<Record<HarmKind, string>> =
    servers.whyNoDisk === undefined ? {} : { 'fill the disk': servers.whyNoDisk }
  for (const [kind, reason] of Object.entries(missing)) say(`There will be no harm of kind "${kind}": ${reason}`)

  const reports = processReports(say)
  const fleet = await startFleet({ shape: options, servers, folder, slots: SLOTS, ...reports })
  const watching = watch(servers.postgres.url)
  const chance = chanceOf(`load ${seed}`)
  const calling = callers({ urls: fleet.apiUrls, tasksPerSecond, chance, run: `chaos-${seed}` })
  try {
    say(`${servers.versions.join(', ')}; every process is ready, and ${tasksPerSecond} tasks a second are submitted`)
    const scene = { servers, fleet, watching, calling, reports, say }
    const acts = stage(scene)
    await pause(WARM_UP_MS)
    const untilMs = machineMs() + minutes * 60_000
    const kinds = only.filter((kind) => !(kind in missing))
    if (kinds.length === 0) throw new Error(`None of this harm can be done here: ${only.join(', ')}`)
    for (const step of scheduleOf(options, kinds)) {
      if (machineMs() >= untilMs) break
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
