/**
 * `npm run upgrade`: measures the locks of each migration, and runs two versions side by side under load, upgraded and
 * downgraded. Everything listens on 127.0.0.1 only and is removed afterwards.
 */
import { npmCommand, wholeNumber } from '@taskflow/testing/command-line'
import { endWithSignals } from '@taskflow/testing/end-with-signals'
import { findServices } from '@taskflow/testing/find-services'
import { BROKERS, type BrokerName, startBroker } from '@taskflow/testing/living-broker'
import { DURABLE_SETTINGS, type PostgresServer } from '@taskflow/testing/postgres-server'
import { startOwnPostgres } from '@taskflow/testing/postgres-servers'
import { Option } from 'commander'
import { measureMigrations } from './measure-migrations.ts'
import type { Outcome } from './outcome.ts'
import { rollingUpgrade } from './rolling-upgrade.ts'
import { nextVersion, presentVersion, previousVersion, type Version } from './version.ts'

const PAIRS = ['previous', 'next'] as const

const DESCRIPTION = `Upgrades and downgrades while callers submit and workers run, and checks the promises at the end.

Needs PostgreSQL (the embedded one serves), the broker's server on this machine, and the history of this repository.`

endWithSignals()
const options = readOptions()
await main().catch(fail)

function fail(error: unknown): void {
  console.error((error as Error).message)
  process.exitCode = 1
}

function readOptions() {
  const command = npmCommand('upgrade', DESCRIPTION)
    .addOption(new Option('--broker <name>', 'the broker').choices(BROKERS).default('redis'))
    .addOption(
      new Option(
        '--beside <name>',
        'previous: upgrade the version that checks/proof/upgrade/previous.json names to the current one; next: upgrade the current ' +
          'version to one with one more migration (default: first previous, then next)',
      ).choices(PAIRS),
    )
    .option('--rounds <n>', 'how often the newest migrations go down and up again', wholeNumber(0), 3)
    .option(
      '--rows <n>',
      'rows of each kind when the locks of each migration are measured; 0: not at all',
      wholeNumber(0),
      1_000,
    )
    .parse()
  const { beside, ...options } = command.opts<{
    broker: BrokerName
    beside?: (typeof PAIRS)[number]
    rounds: number
    rows: number
  }>()
  const { broker } = options
  if (broker !== 'postgres' && findServices().programs[broker] === undefined)
    command.error(`error: this machine has no ${broker}: install it, or name another --broker`)
  return { ...options, pairs: beside === undefined ? PAIRS : [beside] }
}

async function main(): Promise<void> {
  if (options.rows > 0) await withPostgres((server) => measure(server))
  for (const pair of options.pairs) {
    const [older, newer] =
      pair === 'previous' ? [previousVersion(), presentVersion()] : [presentVersion(), nextVersion()]
    try {
      await withPostgres((server) => upgrade(older, newer, server))
    } finally {
      older.discard()
      newer.discard()
    }
  }
}

async function measure({ url }: PostgresServer): Promise<void> {
  console.log(`Each migration, with ${options.rows} rows of each kind, while others claim, settle, submit and beat:`)
  for (const { name, upMs, downMs, longestWaitMs } of await measureMigrations(url, options.rows)) {
    const figures = [`up ${ms(upMs)}`, `down ${ms(downMs)}`, `longest wait ${ms(longestWaitMs)}`]
    console.log(`  ${name.padEnd(24)} ${figures.join(', ')}`)
  }
}

async function upgrade(older: Version, newer: Version, { url }: PostgresServer): Promise<void> {
  const { programs } = findServices()
  const broker = await startBroker(options.broker, (service) => programs[service] as string)
  const startedMs = performance.now()
  console.log(
    `\n${older.name}, schema ${older.schema}, to ${newer.name}, schema ${newer.schema}, over ${options.broker}:`,
  )
  try {
    print(
      await rollingUpgrade({
        older,
        newer,
        databaseUrl: url,
        env: broker.env,
        rounds: options.rounds,
        onStep: (step) =>
          console.log(`  ${((performance.now() - startedMs) / 1_000).toFixed(1).padStart(5)} s  ${step}`),
      }),
    )
  } finally {
    await broker.stop()
  }
}

function print(outcome: Outcome): void {
  const { callers, accepted, attempts, released, olderByNewer, newerByOlder, lost, doubled } = outcome
  const refusals = Object.entries(callers.refusals).map(([code, count]) => `${count} × ${code}`)
  console.log(`
  accepted             ${accepted} tasks in ${callers.calls} answered calls
  run                  ${attempts} attempts; ${olderByNewer} of the newer version for the older's API, ${newerByOlder} the other way round
  taken back           ${released} attempts by planned stops
  longest pause        ${ms(callers.longestPauseMs)}, from a caller's first try to the answer
  refused, then done   ${refusals.join(', ') || 'none'}
  lost, doubled        ${lost}, ${doubled}`)
  for (const [message, count] of outcome.warnings) console.log(`  warned ${count} ×  ${message}`)
  for (const { promise, sentence } of outcome.violations) console.log(`  BROKEN ${promise}: ${sentence}`)
  if (outcome.violations.length === 0) console.log('\n  No promise was broken')
  else process.exitCode = 1
}

async function withPostgres(work: (server: PostgresServer) => Promise<void>): Promise<void> {
  const server = await startOwnPostgres(DURABLE_SETTINGS)
  try {
    await work(server)
  } finally {
    await server.stop()
  }
}

function ms(value: number): string {
  return `${Math.round(value)} ms`
}
