/**
 * `npm run soak`: runs the whole system at a steady rate with a long history of tasks, and reports what it uses and
 * whether that grows. Everything listens on 127.0.0.1 only and is removed afterwards.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { npmCommand, numberAboveZero } from '@taskflow/testing/command-line'
import { endWithSignals } from '@taskflow/testing/end-with-signals'
import { alignedText } from '@taskflow/testing/measuring/text-table'
import { InvalidArgumentError } from 'commander'
import { judge, type Verdict, verdictTable } from './judge.ts'
import { type Measured, soak } from './soak.ts'

const DESCRIPTION = `Runs api, worker and coordinator as processes of their own, submits tasks at a steady rate, and reports whether memory, dead
rows and latency stay flat. Exits with 1 when one of them rises, a promise is broken, or a call fails. Judges no curve of fewer
than 16 samples, which take four minutes by default.`

const HELP = `
Environment:
  BENCH_DATABASE_URL  a PostgreSQL with durable settings whose user may create databases (default: the soak starts one)`

const options = npmCommand('soak', DESCRIPTION)
  .option('--minutes <n>', 'duration, in minutes', numberAboveZero, 60)
  .option('--rate <n>', 'submissions per second', numberAboveZero, 200)
  .option('--finished <n>', 'number of tasks that finished before the soak begins', numberAboveZero, 10_000_000)
  .option('--sample <seconds>', 'seconds between two samples', numberAboveZero, 15)
  .option('--json <file>', 'write all samples to this file')
  .option('--plot <file>', 'draw the curves to this file, as SVG')
  .option('--again <file>', 'measure nothing; judge and draw the samples of this file, which --json wrote', existing)
  .addHelpText('after', HELP)
  .parse()
  .opts<{
    minutes: number
    rate: number
    finished: number
    sample: number
    json?: string
    plot?: string
    again?: string
  }>()

await run()

function existing(file: string): string {
  if (existsSync(file)) return file
  throw new InvalidArgumentError('Expected a file that --json wrote.')
}

async function run(): Promise<void> {
  endWithSignals()
  const measured =
    options.again === undefined
      ? await soak({ ...options, sampleSeconds: options.sample, log: console.log })
      : readMeasured(options.again)
  const result = { ...measured, verdicts: judge(measured) }
  if (options.json !== undefined) writeFileSync(options.json, jsonOf(result))
  if (options.plot !== undefined) {
    // Imported on demand: it loads the plot library.
    const { writeCurves } = await import('./curves.ts')
    await writeCurves(options.plot, result)
  }
  if (result.verdicts.length > 0) console.log(`\n${alignedText(verdictTable(result.verdicts))}`)
  console.log()
  const { kept, complaints } = measured
  console.log(`${kept.accepted} tasks accepted, ${kept.starts} attempts, ${kept.violations.length} promises broken`)
  for (const sentence of kept.violations) console.log(`  ${sentence}`)
  for (const [who, lines] of Object.entries(complaints)) for (const line of lines) console.log(`  ${who}: ${line}`)
  const rising = result.verdicts.filter(({ isFlat }) => !isFlat)
  console.log(verdictOn(result))
  const isRefused = (complaints.caller ?? []).length > 0
  if (rising.length > 0 || kept.violations.length > 0 || isRefused) process.exitCode = 1
}

function verdictOn({ samples, verdicts }: Measured & { verdicts: readonly Verdict[] }): string {
  if (verdicts.length === 0) return `${samples.length} samples are too few to judge whether a curve rises`
  const rising = verdicts.filter(({ isFlat }) => !isFlat).map(({ curve }) => curve)
  if (rising.length === 0) return `All ${verdicts.length} curves are flat`
  return `${rising.length} of ${verdicts.length} curves rise: ${rising.join('; ')}`
}

function readMeasured(file: string): Measured {
  return JSON.parse(readFileSync(file, 'utf8')) as Measured
}

/** Writes one sample a line: people read the hundreds of samples only as a difference. */
function jsonOf({ samples, ...rest }: Measured): string {
  const lines = samples.map((sample) => `    ${JSON.stringify(sample, rounded)}`)
  return `${JSON.stringify(rest, rounded, 2).slice(0, -2)},\n  "samples": [\n${lines.join(',\n')}\n  ]\n}\n`
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(3)) : value
}
