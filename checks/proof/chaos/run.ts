/** `npm run chaos`: see `--help`. */
import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { optionsOrHint } from '@taskflow/bench/command-line.ts'
import { commit, machine } from '@taskflow/bench/machine.ts'
import { endWithSignals } from '@taskflow/testing/end-with-signals'
import { runChaos } from './chaos.ts'
import { HELP, type Options, readOptions } from './options.ts'
import { reportOf } from './report.ts'
import type { ChaosResult } from './result.ts'
import { whatIsLacking } from './servers.ts'

const options = optionsOrHint('chaos', () => readOptions(process.argv.slice(2)))
if (options.help) process.stdout.write(HELP)
else await run(options)

async function run({ json, keep, rate, ...shape }: Options): Promise<void> {
  const lacking = whatIsLacking(shape.broker)
  if (lacking !== undefined) {
    console.error(lacking)
    process.exit(2)
  }
  endWithSignals()
  const startedAt = new Date()
  console.log(`Seed ${shape.seed}, ${shape.minutes} minutes of harm, broker ${shape.broker}`)
  const result = await runChaos({ ...shape, tasksPerSecond: rate, keepIn: keep, say: console.log })
  console.log(`\n${reportOf(result)}`)
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(recordOf(result, startedAt), null, 2)}\n`)
  process.exitCode = result.violations.length > 0 ? 1 : 0
}

/** The result, with what it takes to run the same again. */
function recordOf(result: ChaosResult, startedAt: Date) {
  return {
    command: `npm run chaos -- ${withoutPaths(process.argv.slice(2)).join(' ')}`,
    startedAt,
    commit: commit(),
    machine: { ...machine(), loadAverage: loadavg().map((load) => Number(load.toFixed(1))) },
    ...result,
  }
}

/** Where it was written is of this machine alone. */
function withoutPaths(args: readonly string[]): string[] {
  const isPath = (index: number): boolean => /^--(json|keep)$/.test(args[index] ?? '')
  return args.filter((arg, index) => !isPath(index) && !isPath(index - 1) && !/^--(json|keep)=/.test(arg))
}
