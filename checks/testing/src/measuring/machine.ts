import { spawnSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { ROOT } from '../sources.ts'

export type Machine = ReturnType<typeof machine>

/** Describes the machine on which a figure was measured. */
export function machine() {
  return {
    cores: cpus().length,
    processor: cpus()[0]?.model.trim(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  }
}

/** The commit of what was measured; ends in `-dirty` where the code differs from that commit. */
export function commit(): string {
  const git = (...args: string[]) => spawnSync('git', args, { encoding: 'utf8', cwd: ROOT })
  const { status, stdout } = git('rev-parse', '--short', 'HEAD')
  if (status !== 0) return 'unknown'
  const isClean =
    git('diff', '--quiet', 'HEAD', '--', 'platform', 'modules', 'packages', '*.ts', 'package-lock.json').status === 0
  return stdout.trim() + (isClean ? '' : '-dirty')
}

/** CPU time of all cores, in milliseconds since an arbitrary moment. */
export function coreTimes(): { busy: number; total: number } {
  const times = cpus().map(({ times }) => times)
  const total = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0)
  return { total, busy: total - times.reduce((sum, { idle }) => sum + idle, 0) }
}
