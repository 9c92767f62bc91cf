/**
 * `npm run fuzz`: tries inputs of every kind for a given time, and for each property that an input breaks prints the
 * smallest such input found and the command that repeats it.
 */
import { listOfNames, npmCommand, wholeNumber } from '@taskflow/testing/command-line'
import { Option } from 'commander'
import type { Area, Round } from './area.ts'
import { apiArea } from './fuzz-api.ts'
import { linesArea } from './fuzz-lines.ts'
import { parsersArea } from './fuzz-parsers.ts'
import { settingsArea } from './fuzz-settings.ts'
import { wireArea } from './fuzz-wire.ts'

const AREAS: readonly Area[] = [apiArea, linesArea, wireArea, settingsArea, parsersArea]

interface Options {
  readonly seconds: number
  readonly seed: number
  readonly rounds?: number
  readonly only?: string
}

const options = npmCommand(
  'fuzz',
  'Sends invalid and hostile input to everything that reads input from outside, and checks the outcome.',
)
  .option(
    '--seconds <n>',
    'duration in seconds, shared by the areas; each area plays at least one round',
    wholeNumber(),
    60,
  )
  .addOption(
    new Option('--seed <n>', 'seed of the first round; the next rounds take the next numbers')
      .argParser(wholeNumber())
      .default(Math.trunc(Date.now() / 1_000), 'the time'),
  )
  .option('--rounds <n>', 'number of rounds of each area, however long they take', wholeNumber())
  .addOption(new Option('--only <area>', 'fuzz one area only').choices(AREAS.map(({ name }) => name)))
  .addHelpText('after', listOfNames('Areas', AREAS))
  .parse()
  .opts<Options>()

await run()

async function run(): Promise<void> {
  let failed = 0
  const areas = AREAS.filter(({ name }) => options.only === undefined || name === options.only)
  for (const area of areas) failed += await fuzz(area, areas.length)
  console.log(failed === 0 ? '\nEvery property held' : `\n${failed} properties were broken`)
  process.exitCode = failed === 0 ? 0 : 1
}

/** Resolves with the number of broken properties. */
async function fuzz(area: Area, areas: number): Promise<number> {
  const { seconds, seed: first, rounds = Number.POSITIVE_INFINITY } = options
  const startedMs = performance.now()
  const endMs = rounds === Number.POSITIVE_INFINITY ? startedMs + (seconds * 1_000) / areas : Number.POSITIVE_INFINITY
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
      `\nBroken: ${what}\n  ${sentence}\n\n${input}\n\nTo repeat: npm run fuzz -- --only ${area.name} --seed ${seed} --rounds 1\n`,
    )
  }
}

function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${text}`)
}
