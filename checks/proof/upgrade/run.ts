/**
 * `npm run upgrade`: each migration under locks that others want, and two versions side by side under load, upgraded and taken back.
 * Everything listens on 127.0.0.1 only, and is gone afterwards.
 */
import { parseArgs } from 'node:util'
import { optionsOrHint, wholeNumber } from '@taskflow/bench/command-line.ts'
import { systemClock } from '@taskflow/kernel'
import { endWithSignals } from '@taskflow/testing/end-with-signals'
import { findServices } from '@taskflow/testing/find-services'
import { embeddedBinaries, machineBinaries } from '@taskflow/testing/postgres-binaries'
import { DURABLE_SETTINGS, type PostgresServer, startPostgres } from '@taskflow/testing/postgres-server'
import { startRabbitmq } from '@taskflow/testing/rabbitmq-server'
import { startRedis } from '@taskflow/testing/redis-server'
import { serverUser } from '@taskflow/testing/server-user'
import { measureMigrations } from './measure-migrations.ts'
import type { Env } from './member.ts'
import type { Outcome } from './outcome.ts'
import { rollingUpgrade } from './rolling-upgrade.ts'
import { nextVersion, presentVersion, previousVersion, type Version } from './version.ts'

const BROKERS = ['postgres', 'redis', 'rabbitmq'] as const
type BrokerName = (typeof BROKERS)[number]

const PAIRS = ['previous', 'next'] as const

const HELP = `npm run upgrade -- [options]

Upgrades and takes back while callers submit and workers run, and checks the promises at the end.

  --broker <name>  ${BROKERS.join(', ')} (default redis)
  --beside <name>  previous: the version that proof/upgrade/previous.json names, upgraded to the present one
                   next: the present version, upgraded to one with a migration more
                   (default: one after the other)
  --rounds <n>     how often the newest migrations go down and up again (default 3)
  --rows <n>       rows of each kind, when the locks of each migration are measured (default 1000; 0: not at all)
  --help

Needs PostgreSQL (the embedded one serves), the broker's server on this machine, and the history of this repository.
`

type Close = () => Promise<void>

endWithSignals()
const options = optionsOrHint('upgrade', readOptions)
if (options.help) process.stdout.write(HELP)
else await main().catch(fail)

function fail(error: unknown): void {
  console.error((error as Error).message)
  process.exitCode = 1
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      broker: { type: 'string', default: 'redis' },
      beside: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      rows: { type: 'string', default: '1000' },
      help: { type: 'boolean', default: false },
    },
  })
  const broker = oneOf('broker', BROKERS, values.broker)
  if (!values.help && broker !== 'postgres' && findServices().programs[broker] === undefined)
    throw new TypeError(`This machine has no ${broker}: install it, or name another --broker`)
  return {
    help: values.help,
    broker,
    pairs: values.beside === undefined ? PAIRS : [oneOf('beside', PAIRS, values.beside)],
    rounds: wholeNumber('rounds', values.rounds, 0),
    rows: wholeNumber('rows', values.rows, 0),
  }
}

function oneOf<Name extends string>(option: string, names: readonly Name[], text: string): Name {
  const name = names.find((each) => each === text)
  if (name === undefined) throw new TypeError(`Expected --${option} to be one of ${names.join(', ')}, got ${text}`)
  return name
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
  for (const { name, upMs, downMs, longestWaitMs } of await measureMigrations(url, options.rows, systemClock)) {
    const figures = [`up ${ms(upMs)}`, `down ${ms(downMs)}`, `longest wait ${ms(longestWaitMs)}`]
    console.log(`  ${name.padEnd(24)} ${figures.join(', ')}`)
  }
}

async function upgrade(older: Version, newer: Version, { url }: PostgresServer): Promise<void> {
  const { env, close } = await startBroker(options.broker)
  const startedMs = performance.now()
  console.log(
    `\n${older.name}, schema ${older.schema}, to ${newer.name}, schema ${newer.schema}, over ${options.broker}:`,
  )
  try {
    tell(
      await rollingUpgrade({
        older,
        newer,
        databaseUrl: url,
        env,
        rounds: options.rounds,
        clock: systemClock,
        onStep: (step) =>
          console.log(`  ${((performance.now() - startedMs) / 1_000).toFixed(1).padStart(5)} s  ${step}`),
      }),
    )
  } finally {
    await close()
  }
}

function tell(outcome: Outcome): void {
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
  const user = serverUser()
  const binaries = machineBinaries(user) ?? (await embeddedBinaries(user))
  const server = await startPostgres(binaries, user, DURABLE_SETTINGS)
  try {
    await work(server)
  } finally {
    await server.stop()
    binaries.discard()
  }
}

async function startBroker(name: BrokerName): Promise<{ env: Env; close: Close }> {
  if (name === 'postgres') return { env: {}, close: async () => {} }
  const program = findServices().programs[name]
  if (program === undefined) throw new Error(`This machine has no ${name} any more`)
  if (name === 'redis') {
    const { url, stop } = await startRedis(program)
    return { env: { TASKFLOW_BROKER: 'redis', TASKFLOW_REDIS_URL: url }, close: stop }
  }
  const { url, stop } = await startRabbitmq(program)
  return { env: { TASKFLOW_BROKER: 'rabbitmq', TASKFLOW_AMQP_URL: url }, close: stop }
}

function ms(value: number): string {
  return `${Math.round(value)} ms`
}
