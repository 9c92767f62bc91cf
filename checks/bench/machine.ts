import { spawnSync } from 'node:child_process'
import { cpus, loadavg, totalmem } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'

export type Machine = ReturnType<typeof machine>

/** What a figure was measured on. */
export function machine() {
  return {
    cores: cpus().length,
    processor: cpus()[0]?.model.trim(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  }
}

/** Of what was measured; it ends in `-dirty` where the code differs from that commit. */
export function commit(): string {
  const git = (...args: string[]) => spawnSync('git', args, { encoding: 'utf8', cwd: import.meta.dirname })
  const { status, stdout } = git('rev-parse', '--short', 'HEAD')
  if (status !== 0) return 'unknown'
  const isClean =
    git(
      'diff',
      '--quiet',
      'HEAD',
      '--',
      '../../platform',
      '../../modules',
      '../../packages',
      '*.ts',
      '../../package-lock.json',
    ).status === 0
  return stdout.trim() + (isClean ? '' : '-dirty')
}

/** What others make the machine do. */
export interface Strangers {
  /** Of the last minute, our own work included. */
  readonly loadAverage: number
  /** Share of all cores that was busy while the bench did nothing, in percent. */
  readonly busyPercent: number
}

export async function strangers(restMs: number): Promise<Strangers> {
  const before = coreTimes()
  await pause(restMs)
  const after = coreTimes()
  const busyPercent = Math.round((100 * (after.busy - before.busy)) / (after.total - before.total))
  return { loadAverage: Number((loadavg()[0] ?? 0).toFixed(1)), busyPercent }
}

// From here on the figures say more of the neighbours than of us.
const LOADED_PERCENT = 15

export const isLoaded = ({ busyPercent }: Strangers): boolean => busyPercent > LOADED_PERCENT

/** Time of all cores so far, since any start. */
export function coreTimes(): { busy: number; total: number } {
  const times = cpus().map(({ times }) => times)
  const total = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0)
  return { total, busy: total - times.reduce((sum, { idle }) => sum + idle, 0) }
}
