import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { ROOT, run } from './run.ts'

interface Check {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
}

/** Longest first, so that the short ones fill the gaps. */
const CHECKS: readonly Check[] = [
  { name: 'domain and architecture', command: 'vitest', args: ['run', '--project', 'pure', '--reporter', 'dot'] },
  { name: 'dead code', command: 'knip', args: ['--no-progress'] },
  { name: 'types', command: 'tsc', args: ['-p', '.'] },
  { name: 'format and lint', command: 'biome', args: ['ci', '--colors=off', '.'] },
  ...(existsSync(join(ROOT, 'scripts/generate.ts'))
    ? [{ name: 'generated files', command: 'node', args: ['scripts/generate.ts', '--check'] }]
    : []),
]

export interface CheckTally {
  readonly passed: number
  readonly failed: number
}

/**
 * Runs every check, at most one per core and four at a time. Prints a line for each check and the output of failed
 * checks.
 */
export async function runChecks(): Promise<CheckTally> {
  const waiting = [...CHECKS]
  const tally = { passed: 0, failed: 0 }
  const work = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      if (await passes(check)) tally.passed++
      else tally.failed++
    }
  }
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work))
  return tally
}

async function passes({ name, command, args }: Check): Promise<boolean> {
  const startedAt = performance.now()
  const { code, output } = await run(command, args, { env: { FORCE_COLOR: '0' } })
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  console.log(`${code === 0 ? 'ok    ' : 'failed'}  ${name.padEnd(24)} ${seconds.padStart(5)} s`)
  if (code !== 0) console.log(`\n${output.trim()}\n`)
  return code === 0
}
