/**
 * `npm run soak`: the whole system at a steady rate for as long as you like, before a long history; what it takes, and whether that
 * grows. Everything listens on 127.0.0.1 only, and is gone afterwards.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { optionsOrHint } from '@taskflow/bench/command-line.ts'
import { alignedText } from '@taskflow/bench/table.ts'
import { endWithSignals } from '@taskflow/testing/end-with-signals'
import { judge, type Verdict, verdictTable } from './judge.ts'
import { type Measured, soak } from './soak.ts'

const HELP = `npm run soak -- [options]

Runs api, worker and coordinator as processes of their own, submits at a steady rate, and tells whether memory, dead rows and
latency stay flat. Exits with 1 when one of them rises, a promise is broken, or a call fails. Of fewer than 16 samples no curve is
judged: that is four minutes.

  --minutes <n>     how long (default 60)
  --rate <n>        submissions a second (default 200)
  --finished <n>    tasks that finished before it begins (default 10000000)
  --sample <s>      seconds between two looks (default 15)
  --json <file>     writes all samples there
  --plot <file>     draws the curves there, as SVG
  --again <file>    measures nothing: judges, and draws, what --json wrote
  --help

BENCH_DATABASE_URL  a PostgreSQL with durable settings whose user may create databases; one of our own where absent
`

const options = optionsOrHint('soak', readOptions)
if (options.help) process.stdout.write(HELP)
else await run()

function readOptions() {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '60' },
      rate: { type: 'string', default: '200' },
      finished: { type: 'string', default: '10000000' },
      sample: { type: 'string', default: '15' },
      json: { type: 'string' },
      plot: { type: 'string' },
      again: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.again !== undefined && !existsSync(values.again))
    throw new TypeError(`Expected --again to be a file that --json wrote, got ${values.again}`)
  const [minutes, rate, sampleSeconds] = [numberOf('minutes'), numberOf('rate'), numberOf('sample')]
  return { ...values, minutes, rate, sampleSeconds, finished: numberOf('finished') }

  function numberOf(name: 'minutes' | 'rate' | 'finished' | 'sample'): number {
    const number = Number(values[name])
    if (!(number > 0)) throw new TypeError(`Expected --${name} to be a number above 0, got ${values[name]}`)
    return number
  }
}

async function run(): Promise<void> {
  endWithSignals()
  const measured =
    options.again === undefined ? await soak({ ...options, tell: console.log }) : readMeasured(options.again)
  const result = { ...measured, verdicts: judge(measured) }
  if (options.json !== undefined) writeFileSync(options.json, jsonOf(result))
  if (options.plot !== undefined) {
    // Loads a whole library of plots.
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
  if (verdicts.length === 0) return `${samples.length} samples are too few to tell whether a curve rises`
  const rising = verdicts.filter(({ isFlat }) => !isFlat).map(({ curve }) => curve)
  if (rising.length === 0) return `All ${verdicts.length} curves are flat`
  return `${rising.length} of ${verdicts.length} curves rise: ${rising.join('; ')}`
}

function readMeasured(file: string): Measured {
  return JSON.parse(readFileSync(file, 'utf8')) as Measured
}

/** A sample a line: hundreds of them are read by programs, and by people only as a difference. */
function jsonOf({ samples, ...rest }: Measured): string {
  const lines = samples.map((sample) => `    ${JSON.stringify(sample, rounded)}`)
  return `${JSON.stringify(rest, rounded, 2).slice(0, -2)},\n  "samples": [\n${lines.join(',\n')}\n  ]\n}\n`
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(3)) : value
}
