/**
 * `npm run fuzz`: tries inputs of every kind for as long as it is told, and for each property that one of them breaks
 * tells the smallest input found and how to see it again.
 */
import { parseArgs } from 'node:util'
import { optionsOrHint, wholeNumber } from '@taskflow/bench/command-line.ts'
import type { Area, Round } from './area.ts'
import { apiArea } from './fuzz-api.ts'
import { linesArea } from './fuzz-lines.ts'
import { parsersArea } from './fuzz-parsers.ts'
import { settingsArea } from './fuzz-settings.ts'
import { wireArea } from './fuzz-wire.ts'

const AREAS: readonly Area[] = [apiArea, linesArea, wireArea, settingsArea, parsersArea]

const HELP = `npm run fuzz -- [options]

Sends what no one should send to everything that reads what others wrote, and checks what comes of it.

  --seconds <n>    how long, shared by the areas, each of which plays one round at least (default 60)
  --seed <n>       of the first round; the next rounds take the next numbers (default: by the clock)
  --rounds <n>     so many rounds of each area, however long they take
  --only <area>    one area
  --help

Areas:
${AREAS.map(({ name, summary }) => `  ${name.padEnd(16)} ${summary}`).join('\n')}
`

interface Options {
  readonly help: boolean
  readonly seconds: number
  readonly seed: number
  readonly rounds: number
  readonly areas: readonly Area[]
}

const options = optionsOrHint('fuzz', readOptions)
if (options.help) process.stdout.write(HELP)
else await run()

async function run(): Promise<void> {
  let failed = 0
  for (const area of options.areas) failed += await fuzz(area, options)
  console.log(failed === 0 ? '\nNothing was broken' : `\n${failed} properties were broken`)
  process.exitCode = failed === 0 ? 0 : 1
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: String(Math.trunc(Date.now() / 1_000)) },
      rounds: { type: 'string' },
      only: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const areas = AREAS.filter(({ name }) => values.only === undefined || name === values.only)
  if (areas.length === 0)
    throw new TypeError(`Expected --only to be one of ${AREAS.map(({ name }) => name).join(', ')}, got ${values.only}`)
  return {
    help: values.help,
    seconds: wholeNumber('seconds', values.seconds),
    seed: wholeNumber('seed', values.seed),
    rounds: values.rounds === undefined ? Number.POSITIVE_INFINITY : wholeNumber('rounds', values.rounds),
    areas,
  }
}

/** Resolves with how many properties were broken. */
async function fuzz(area: Area, { seconds, seed: first, rounds, areas }: Options): Promise<number> {
  const startedMs = performance.now()
  const endMs =
    rounds === Number.POSITIVE_INFINITY ? startedMs + (seconds * 1_000) / areas.length : Number.POSITIVE_INFINITY
  const totals = new Map<string, number>()
  const fuzzing = await area.open()
  let failed = 0
  let seed = first
  try {
    do {
      const round = await fuzzing.round(seed)
      for (const [kind, count] of Object.entries(round.tried)) totals.set(kind, (totals.get(kind) ?? 0) + count)
      failed += round.failures.length
      report(area, seed++, round)
      progress(`${area.name}: ${seed - first} rounds`)
    } while (performance.now() < endMs && seed - first < rounds)
  } finally {
    await fuzzing.close()
  }
  const figures = [...totals].map(([kind, count]) => `${count.toLocaleString('en')} ${kind}`).join(', ')
  const took = ((performance.now() - startedMs) / 1_000).toFixed(0)
  progress('')
  console.log(`${area.name.padEnd(10)} seeds ${first} to ${seed - 1} in ${took} s: ${figures}; ${failed} broken`)
  return failed
}

function report(area: Area, seed: number, { failures }: Round): void {
  for (const { what, input, sentence } of failures) {
    progress('')
    console.log(
      `\nBroken: ${what}\n  ${sentence}\n\n${input}\n\nAgain: npm run fuzz -- --only ${area.name} --seed ${seed} --rounds 1\n`,
    )
  }
}

function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${text}`)
}
