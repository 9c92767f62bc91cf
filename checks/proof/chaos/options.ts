import { npmCommand, numberAboveZero, wholeNumber } from '@taskflow/testing/command-line'
import { BROKERS } from '@taskflow/testing/living-broker'
import { type Command, Option } from 'commander'
import { type HarmKind, kindsOf, type Shape } from './schedule.ts'

const DESCRIPTION = `Runs a cluster of real processes under load, does seeded harm to it, and checks the promises. Everything runs on this machine.

Needs the servers of PostgreSQL, PgBouncer and the broker on this machine. The last harm may outlast the minutes. The cluster has
recovered when no task waits longer than usual and no lost worker holds one. Ten minutes include every kind of harm twice:
${kindsOf('rabbitmq').join(', ')}.`

export interface Options extends Shape {
  readonly minutes: number
  readonly rate: number
  /** Default: every kind that exists with the broker. */
  readonly only?: readonly HarmKind[]
  readonly json?: string
  readonly keep?: string
}

export const chaosCommand = (): Command =>
  npmCommand('chaos', DESCRIPTION)
    .option('--minutes <n>', 'how long harm is done, in minutes', numberAboveZero, 10)
    .option('--seed <n>', 'determines the submitted tasks and the order of harms', wholeNumber(), 1)
    .addOption(new Option('--broker <name>', 'the broker').choices(BROKERS).default('redis'))
    .option('--apis <n>', 'processes of role api', wholeNumber(), 2)
    .option('--workers <n>', 'processes of role worker', wholeNumber(), 3)
    .option('--coordinators <n>', 'processes of role coordinator', wholeNumber(), 2)
    .option('--rate <n>', 'tasks submitted per second', wholeNumber(), 40)
    .option('--only <kinds>', 'do only these kinds of harm, separated by commas')
    .option('--json <file>', 'write the outcome to this file as well')
    .option('--keep <folder>', 'keep the logs of all processes and the records of handlers in this folder')

export function readOptions(args: readonly string[], command = chaosCommand()): Options {
  const { only, ...options } = command.parse([...args], { from: 'user' }).opts<Options & { only?: string }>()
  if (only === undefined) return options
  const kinds = kindsOf(options.broker)
  const named = only.split(',').map((name) => {
    const kind = kinds.find((each) => each === name.trim())
    return (
      kind ?? command.error(`error: --broker ${options.broker} has no harm "${name}"; there are: ${kinds.join(', ')}`)
    )
  })
  return { ...options, only: named }
}
