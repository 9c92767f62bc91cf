/**
 * `npm run bench`: measures each scenario in interleaved rounds and prints and writes medians with least and most.
 * Everything listens on 127.0.0.1 only, and is gone afterwards.
 */
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { endWithSignals } from '@taskflow/testing/end-with-signals'
import { openBench } from './bench.ts'
import { optionsOrHint, wholeNumber } from './command-line.ts'
import { measure } from './measure.ts'
import { writePerformancePage } from './performance-page.ts'
import { type Result, writeResult } from './results.ts'
import type { Figures } from './rounds.ts'
import type { Bench, Scenario } from './scenario.ts'
import { SCENARIOS, scenariosNamed } from './scenarios.ts'
import { alignedText, numberText, reachedTable, tableOf } from './table.ts'

/** What a first look wants to know, in three minutes. */
const QUICK = 'A,B,C,D,E,F'

const HELP = `npm run bench -- [options]

  --only <names>     only these, separated by commas, by their name or the letter of a row:
${SCENARIOS.map((scenario) => `                     ${scenario.name.padEnd(18)}${placedAs(scenario)}`).join('\n')}
  --rounds <n>       rounds of each contender (default 3)
  --quick            one round of less, rows A to F, TaskFlow and one peer; prints, but writes nothing
  --print            prints, and leaves bench/results and the page as they are; without it a row's results replace those there
  --profile <dir>    CPU profiles of every process into this folder (npm run profile -- <file> reads them); writes nothing else
  --page             only writes docs/performance.md and its plots, from the results that are there
  --help

BENCH_DATABASE_URL   a PostgreSQL with durable settings whose user may create databases; one of our own where absent
`

const options = optionsOrHint('bench', readOptions)
const startedMs = performance.now()
if (options.help) process.stdout.write(HELP)
else if (options.page) await writePerformancePage(SCENARIOS)
else await run()

function placedAs({ rows, isAside, title }: Scenario): string {
  return `${rows ? `${rows.join(', ')}: ` : ''}${title}${isAside ? ' (by its name only)' : ''}`
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      profile: { type: 'string' },
      print: { type: 'boolean', default: false },
      page: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const rounds = wholeNumber('rounds', values.rounds ?? (values.quick ? '1' : '3'))
  if (values.page && values.print)
    throw new TypeError('Expected --page or --print, not both: one writes, the other does not')
  return { ...values, rounds, scenarios: scenariosNamed(values.only ?? (values.quick ? QUICK : undefined)) }
}

async function run(): Promise<void> {
  endWithSignals()
  const profileDir = options.profile === undefined ? undefined : resolve(options.profile)
  if (profileDir) mkdirSync(profileDir, { recursive: true })
  const bench = await openBench({ isQuick: options.quick, isTiny: false, profileDir })
  // A profiler slows what it watches, and less is not the same as the whole.
  const isWritten = !options.quick && !options.print && profileDir === undefined
  try {
    for (const [index, scenario] of options.scenarios.entries()) {
      console.log(`\n${placeOf(index)} ${titleOf(scenario)}: ${scenario.summary}\n`)
      const result = await measureAndTell(scenario, bench)
      if (result && isWritten) writeResult(result)
    }
    if (!isWritten) return
    await writePerformancePage(SCENARIOS)
    console.log('\nWritten: bench/results, and docs/performance.md with its plots')
  } finally {
    await bench.close()
  }
}

function titleOf({ rows, title }: Scenario): string {
  return rows ? `${rows.join(', ')}. ${title}` : title
}

function placeOf(index: number): string {
  const seconds = Math.round((performance.now() - startedMs) / 1_000)
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  return `[${index + 1} of ${options.scenarios.length}, ${clock}]`
}

/** A scenario that fails does not keep the others from being measured. */
async function measureAndTell(scenario: Scenario, bench: Bench): Promise<Result | undefined> {
  try {
    const rounds = Math.min(options.rounds, scenario.mostRounds ?? options.rounds)
    const onDone = (contender: string, round: number, outcome: Figures | Error): void =>
      showRound(contender, `round ${round} of ${rounds}`, outcome)
    const result = await measure(scenario, bench, rounds, onDone)
    print(result)
    return result
  } catch (error) {
    console.error(`${scenario.name} could not be measured:`, error)
    process.exitCode = 1
    return undefined
  }
}

function showRound(contender: string, round: string, outcome: Figures | Error): void {
  const begin = `  ${round}   ${contender.padEnd(36)}`
  if (outcome instanceof Error) {
    console.error(`${begin} failed:`, outcome)
    process.exitCode = 1
    return
  }
  const text = Object.entries(outcome).map(([figure, value]) => `${figure} ${numberText(Number(value.toPrecision(3)))}`)
  console.log(`${begin} ${text.join(',  ')}`)
}

function print(result: Result): void {
  const { machine, reached, missing } = result
  console.log(`\n${alignedText(tableOf(result))}`)
  for (const [name, reason] of Object.entries(missing)) console.log(`${name} was not measured: ${reason}`)
  if (reached.length > 0) console.log(`\n${alignedText(reachedTable(reached))}`)
  if (!machine.isLoaded) return
  const { before, after } = machine
  console.log(
    `The machine was loaded: ${before.busyPercent} % busy before, ${after.busyPercent} % after, with other work`,
  )
}
