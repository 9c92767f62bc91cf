/**
 * `npm run bench`: measures each scenario in interleaved rounds and prints and writes medians with least and most.
 * Everything listens on 127.0.0.1 only, and is gone afterwards.
 */
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { endWithSignals } from '@taskflow/testing/end-with-signals'
import { commit, isLoaded, machine, strangers } from './machine.ts'
import { writePerformancePage } from './performance-page.ts'
import { benchPostgres } from './postgres.ts'
import { contendersOf, type Result, ratiosOf, writeResult } from './results.ts'
import { type Figures, interleaved } from './rounds.ts'
import type { Bench, Scenario } from './scenario.ts'
import { brokers } from './scenarios/brokers.ts'
import { costOfATask } from './scenarios/cost-of-a-task.ts'
import { drivers } from './scenarios/drivers.ts'
import { history } from './scenarios/history.ts'
import { idle } from './scenarios/idle.ts'
import { ndjson10k } from './scenarios/ndjson-10k.ts'
import { options as optionCosts } from './scenarios/options.ts'
import { pickup } from './scenarios/pickup.ts'
import { pooler } from './scenarios/pooler.ts'
import { rabbitmqLines } from './scenarios/rabbitmq-lines.ts'
import { redisLines } from './scenarios/redis-lines.ts'
import { submitSingles } from './scenarios/submit-singles.ts'
import { waiting } from './scenarios/waiting.ts'
import { openStores } from './stores.ts'
import { alignedText, numberText, spreadText, tableOf } from './table.ts'

const SCENARIOS: readonly Scenario[] = [
  ndjson10k,
  submitSingles,
  pickup,
  costOfATask,
  optionCosts,
  history,
  waiting,
  brokers,
  idle,
  drivers,
  pooler,
  redisLines,
  rabbitmqLines,
]

const HELP = `npm run bench -- [options]

  --only <names>     only these scenarios, separated by commas: ${SCENARIOS.map(({ name }) => name).join(', ')}
  --rounds <n>       rounds of each contender (default 3)
  --quick            one round of less of everything; prints, but writes nothing
  --profile <dir>    CPU profiles of every server into this folder (npm run profile -- <file> reads them); writes nothing else
  --help

BENCH_DATABASE_URL   a PostgreSQL with durable settings whose user may create databases; one of our own where absent
`

const options = readOptions()
if (options.help) process.stdout.write(HELP)
else await run()

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new TypeError(`Expected --rounds to be a number from 1, got ${values.rounds}`)
  return { ...values, rounds, scenarios: scenariosNamed(values.only) }
}

function scenariosNamed(only: string | undefined): readonly Scenario[] {
  if (only === undefined) return SCENARIOS
  return only.split(',').map((name) => {
    const scenario = SCENARIOS.find((each) => each.name === name)
    if (!scenario)
      throw new TypeError(`There is no scenario ${name}; there are ${SCENARIOS.map((each) => each.name).join(', ')}`)
    return scenario
  })
}

async function run(): Promise<void> {
  endWithSignals()
  const profileDir = options.profile === undefined ? undefined : resolve(options.profile)
  if (profileDir) mkdirSync(profileDir, { recursive: true })
  const postgres = await benchPostgres()
  const bench: Bench = { stores: openStores(postgres), isQuick: options.quick, profileDir }
  // A profiler slows what it watches, and less is not the same as the whole.
  const isWritten = !options.quick && profileDir === undefined
  try {
    for (const scenario of options.scenarios) {
      await measureAndTell(scenario, bench, isWritten)
    }
    if (isWritten) writePerformancePage(SCENARIOS)
  } finally {
    await postgres.stop()
  }
}

/** A scenario that fails does not keep the others from being measured. */
async function measureAndTell(scenario: Scenario, bench: Bench, isWritten: boolean): Promise<void> {
  try {
    const result = await measure(scenario, bench)
    print(scenario, result)
    if (isWritten) writeResult(result)
  } catch (error) {
    console.error(`${scenario.name} could not be measured:`, error)
    process.exitCode = 1
  } finally {
    await scenario.close?.()
  }
}

async function measure(scenario: Scenario, bench: Bench): Promise<Result> {
  const { name, summary, figures: units } = scenario
  console.log(`\n${name}: ${summary}\n`)
  const startedAs = commit()
  const before = await strangers()
  const rounds = await interleaved(options.rounds, scenario.contenders(bench), showRound)
  const after = await strangers()
  return {
    scenario: name,
    measuredAt: new Date().toISOString(),
    commit: commitsFrom(startedAs),
    machine: { ...machine(), before, after, isLoaded: isLoaded(before) || isLoaded(after) },
    versions: versions(bench),
    settings: {
      rounds: options.rounds,
      ...scenario.settings(bench),
      postgresql: bench.stores.postgres.settings,
    },
    units,
    ratios: ratiosOf(scenario, rounds),
    contenders: contendersOf(scenario, rounds),
  }
}

/** Each round starts the code that is there: two names where it changed meanwhile. */
function commitsFrom(startedAs: string): string {
  const endedAs = commit()
  return startedAs === endedAs ? startedAs : `${startedAs} to ${endedAs}`
}

function showRound(contender: string, round: number, figures: Figures): void {
  const text = Object.entries(figures).map(([figure, value]) => `${figure} ${numberText(Number(value.toPrecision(4)))}`)
  console.log(`  round ${round} of ${options.rounds}   ${contender.padEnd(24)} ${text.join(',  ')}`)
}

function print({ name }: Scenario, result: Result): void {
  const { machine, ratios } = result
  const title = `${name}: median (least to most)`
  console.log(`\n${alignedText(tableOf(result).map((row, index) => (index === 0 ? [title, ...row.slice(1)] : row)))}`)
  for (const [sentence, spread] of Object.entries(ratios)) console.log(`${sentence}: ${spreadText(spread, ' %')}`)
  if (!machine.isLoaded) return
  const { before, after } = machine
  console.log(
    `The machine was loaded: ${before.busyPercent} % busy before, ${after.busyPercent} % after, with other work`,
  )
}

function versions({ stores }: Bench): Readonly<Record<string, string>> {
  const require = createRequire(import.meta.url)
  const versionOf = (name: string): string => (require(`${name}/package.json`) as { version: string }).version
  return {
    taskflow: (require('../packages/cli/package.json') as { version: string }).version,
    node: process.versions.node,
    postgresql: stores.postgres.settings.server_version ?? '',
    pg: versionOf('pg'),
    fastify: versionOf('fastify'),
  }
}
