/** `npm run chaos`: see `--help`. */
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { endWithSignals } from '@taskflow/testing/end-with-signals'
import { commit, machine } from '@taskflow/testing/measuring/machine'
import { runChaos } from './chaos.ts'
import { type Options, readOptions } from './options.ts'
import { reportOf } from './report.ts'
import type { ChaosResult } from './result.ts'
import { missingPrograms } from './servers.ts'

await run(readOptions(process.argv.slice(2)))

async function run({ json, keep, rate, ...shape }: Options): Promise<void> {
  const missing = missingPrograms(shape.broker)
  if (missing !== undefined) {
    console.error(missing)
    process.exit(2)
  }
  endWithSignals()
  const startedAt = new Date()
  console.log(`Seed ${shape.seed}, ${shape.minutes} minutes of harm, broker ${shape.broker}`)
  const result = await runChaos({ ...shape, tasksPerSecond: rate, keepIn: keep, log: console.log })
  console.log(`\n${reportOf(result)}`)
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(recordOf(result, startedAt), null, 2)}\n`)
  process.exitCode = result.violations.length > 0 ? 1 : 0
}

/** Adds everything needed to repeat the run. */
function recordOf(result: ChaosResult, startedAt: Date) {
  return {
    command: `npm run chaos -- ${withoutPaths(process.argv.slice(2)).join(' ')}`,
    startedAt,
    commit: commit(),
    machine: { ...machine(), loadAverage: loadavg().map((load) => Number(load.toFixed(1))) },
    ...result,
  }
}

/** Removes the options that name paths, which mean nothing on another machine. */
function withoutPaths(args: readonly string[]): string[] {
  const isPath = (index: number): boolean => /^--(json|keep)$/.test(args[index] ?? '')
  return args.filter((arg, index) => !isPath(index) && !isPath(index - 1) && !/^--(json|keep)=/.test(arg))
}
