import { parseArgs } from 'node:util'
import { wholeNumber } from '@taskflow/bench/command-line.ts'
import { BROKERS, type BrokerName, type HarmKind, kindsOf, type Shape } from './schedule.ts'

export const HELP = `npm run chaos -- [options]

Runs a cluster of real processes under load, does seeded harm to it, and checks the promises. All of it is on this machine.

  --minutes <n>         how long harm is done (default 10)
  --seed <n>            decides what is submitted and what harm is done, in what order (default 1)
  --broker <name>       ${BROKERS.join(', ')} (default redis)
  --apis <n>            processes of role api (default 2)
  --workers <n>         … of role worker (default 3)
  --coordinators <n>    … of role coordinator (default 2)
  --rate <n>            tasks submitted a second (default 40)
  --only <kinds>        only harm of these kinds, separated by commas
  --json <file>         writes what came of it there as well
  --keep <folder>       keeps the logs of all processes, and what handlers wrote down
  --help

Needs the servers of PostgreSQL, PgBouncer and the broker on this machine. The last harm may outlast the minutes. All is well when no task
has waited for longer than usual and none is held by a dead worker. Ten minutes meet every kind of harm twice:
  ${kindsOf('rabbitmq').join(', ')}
`

export interface Options extends Shape {
  readonly minutes: number
  readonly rate: number
  /** All there are with the broker where absent. */
  readonly only: readonly HarmKind[] | undefined
  readonly json: string | undefined
  readonly keep: string | undefined
  readonly help: boolean
}

/** Throws a TypeError, in a sentence, for an option that is unknown or wrong. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      broker: { type: 'string', default: 'redis' },
      apis: { type: 'string', default: '2' },
      workers: { type: 'string', default: '3' },
      coordinators: { type: 'string', default: '2' },
      rate: { type: 'string', default: '40' },
      only: { type: 'string' },
      json: { type: 'string' },
      keep: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const count = (name: 'seed' | 'apis' | 'workers' | 'coordinators' | 'rate'): number => wholeNumber(name, values[name])
  const minutes = Number(values.minutes)
  if (!(minutes > 0)) throw new TypeError(`Expected --minutes to be a number above 0, got ${values.minutes}`)
  const broker = values.broker as BrokerName
  if (!BROKERS.includes(broker))
    throw new TypeError(`Expected --broker to be one of ${BROKERS.join(', ')}, got ${broker}`)
  return {
    minutes,
    seed: count('seed'),
    broker,
    apis: count('apis'),
    workers: count('workers'),
    coordinators: count('coordinators'),
    rate: count('rate'),
    only: values.only === undefined ? undefined : kindsNamed(values.only, broker),
    json: values.json,
    keep: values.keep,
    help: values.help,
  }
}

function kindsNamed(text: string, broker: BrokerName): HarmKind[] {
  const kinds = kindsOf(broker)
  return text.split(',').map((name) => {
    const kind = kinds.find((each) => each === name.trim())
    if (kind) return kind
    throw new TypeError(
      `Expected --only to name kinds of harm, got ${name}; with ${broker} there are: ${kinds.join(', ')}`,
    )
  })
}
