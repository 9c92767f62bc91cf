import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'

/** What a figure was measured on, and of which commit. */
export function machine() {
  return {
    cores: cpus().length,
    processor: cpus()[0]?.model.trim(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
  }
}
