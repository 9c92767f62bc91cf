/**
 * `npm run bench`: measures each scenario in interleaved rounds, and prints and writes the median, minimum and maximum
 * of the rounds. Everything listens on 127.0.0.1 only and is removed afterwards.
 */
import { mkdirSync } from 'node:fs'
import { listOfNames, npmCommand, path, wholeNumber } from '@taskflow/testing/command-line'
import { endWithSignals } from '@taskflow/testing/end-with-signals'
import { alignedText, numberText } from '@taskflow/testing/measuring/text-table'
import { InvalidArgumentError, Option } from 'commander'
import { openBench } from './bench.ts'
import { measure } from './measure.ts'
import { writePerformancePage } from './performance-page.ts'
import { RESULTS, type Result, writeResult } from './results.ts'
import type { Figures } from './rounds.ts'
import type { Bench, Scenario } from './scenario.ts'
import { SCENARIOS, scenariosNamed } from './scenarios.ts'
import { reachedTable, tableOf } from './table.ts'

/** Rows for a first look that takes three minutes. */
const QUICK = 'A,B,C,D,E,F'

const HELP = `${listOfNames(
  'Scenarios',
  SCENARIOS.map((scenario) => ({ name: scenario.name, summary: placedAs(scenario) })),
)}

Environment:
  BENCH_DATABASE_URL  a PostgreSQL with durable settings whose user may create databases (default: the bench starts one)`

const options = readOptions()
const startedMs = performance.now()
if (options.page) await writePerformancePage(SCENARIOS)
else await run()

function placedAs({ rows, isAside, title }: Scenario): string {
  return `${rows ? `${rows.join(', ')}: ` : ''}${title}${isAside ? ' (runs only when named)' : ''}`
}

function readOptions() {
  const command = npmCommand('bench', 'Measures TaskFlow, its peers and the limits of this machine.')
    .option('--only <names>', 'run only these scenarios, separated by commas, by name or by the letter of a row', named)
    .option('--rounds <n>', 'rounds of each contender (default: 3, with --quick 1)', wholeNumber())
    .option('--quick', `run one short round of rows ${QUICK} with TaskFlow and one peer; write nothing`)
    .option('--alone', 'measure TaskFlow without its peers')
    .option('--into <folder>', 'write the results to this folder instead of checks/bench/results', path)
    .option('--print', 'print the results, and leave checks/bench/results and docs/performance.md as they are')
    .option('--profile <folder>', 'write CPU profiles of every process to this folder, and no results', path)
    .addOption(
      new Option('--page', 'only write docs/performance.md and its plots again, from checks/bench/results').conflicts(
        'print',
      ),
    )
    .addHelpText('after', HELP)
  const given = command.parse().opts<{
    only?: readonly Scenario[]
    rounds?: number
    quick?: true
    alone?: true
    into?: string
    print?: true
    profile?: string
    page?: true
  }>()
  return {
    ...given,
    isQuick: given.quick ?? false,
    isAlone: given.alone ?? false,
    rounds: given.rounds ?? (given.quick ? 1 : 3),
    scenarios: given.only ?? scenariosNamed(given.quick ? QUICK : undefined),
  }
}

function named(names: string): readonly Scenario[] {
  try {
    return scenariosNamed(names)
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message)
  }
}

async function run(): Promise<void> {
  endWithSignals()
  const { isQuick, isAlone, into, print: isOnlyPrinted = false, profile: profileDir } = options
  if (profileDir) mkdirSync(profileDir, { recursive: true })
  const bench = await openBench({ isQuick, isTiny: false, isAlone, profileDir })
  // A profiler slows the processes that it watches, and a quick run measures less.
  const isPrinted = isQuick || isOnlyPrinted || profileDir !== undefined
  const folder = into ?? (isPrinted ? undefined : RESULTS)
  try {
    for (const [index, scenario] of options.scenarios.entries()) {
      console.log(`\n${placeOf(index)} ${titleOf(scenario)}: ${scenario.summary}\n`)
      const result = await measureAndPrint(scenario, bench)
      if (result && folder !== undefined) writeResult(result, folder)
    }
    if (folder !== RESULTS) return
    await writePerformancePage(SCENARIOS)
    console.log('\nWritten: checks/bench/results, and docs/performance.md with its plots')
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

/** Measures a scenario and prints the result. Catches a failure, so that the other scenarios are measured. */
async function measureAndPrint(scenario: Scenario, bench: Bench): Promise<Result | undefined> {
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
