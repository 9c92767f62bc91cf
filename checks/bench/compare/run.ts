/**
 * `npm run bench:compare`: measures this checkout and another one by turns, each by its own `npm run bench`, and compares
 * the figures. Turns are in the order A B B A …, so that a machine that grows slower or faster favours neither.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { npmCommand, wholeNumber } from '@taskflow/testing/command-line'
import { endWithSignals } from '@taskflow/testing/end-with-signals'
import { machine } from '@taskflow/testing/measuring/machine'
import { median } from '@taskflow/testing/measuring/median'
import { alignedText, numberText } from '@taskflow/testing/measuring/text-table'
import { ROOT } from '@taskflow/testing/sources'
import { InvalidArgumentError } from 'commander'
import { RESULTS, type Result } from '../results.ts'
import { type Compared, compare } from './comparison.ts'

const command = npmCommand(
  'bench:compare',
  'Measures this checkout and another one by turns, and compares their figures. Both need their dependencies (npm ci).',
)
  .argument('<checkout>', 'folder of the other checkout, for example of the commit before', checkoutAt)
  .requiredOption('--only <names>', 'scenarios or letters of rows, separated by commas, as for npm run bench')
  .option('--rounds <n>', 'rounds of each checkout', wholeNumber(), 6)
  .option('--name <name>', 'write the comparison to checks/bench/results/comparisons/<name>.json')
  .parse()

const [other] = command.processedArgs as [string]
const options = command.opts<{ only: string; rounds: number; name?: string }>()

endWithSignals()
const folder = mkdtempSync(join(tmpdir(), 'taskflow-compare-'))
try {
  const rounds = { before: [] as Result[][], after: [] as Result[][] }
  for (let round = 1; round <= options.rounds; round++) {
    const turns = [['before', other] as const, ['after', ROOT] as const]
    for (const [side, checkout] of round % 2 === 1 ? turns : turns.toReversed()) {
      console.log(`${clock()}  round ${round} of ${options.rounds}, ${side} (${commitOf(checkout)})`)
      rounds[side].push(await measureOnce(checkout, join(folder, `${side}-${round}`)))
    }
  }
  const figures = compare(rounds.before, rounds.after)
  console.log(`\n${alignedText(tableOf(figures))}`)
  if (options.name) write(options.name, figures)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function checkoutAt(path: string): string {
  const checkout = resolve(path)
  if (existsSync(join(checkout, 'package.json'))) return checkout
  throw new InvalidArgumentError(`Expected the folder of a checkout of TaskFlow, got ${checkout}.`)
}

/** @throws if the benchmark of the checkout failed, with the last lines that it printed */
async function measureOnce(checkout: string, into: string): Promise<Result[]> {
  const args = ['run', '--silent', 'bench', '--', '--only', options.only, '--rounds', '1', '--alone', '--into', into]
  const bench = spawn('npm', args, { cwd: checkout, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [bench.stdout, bench.stderr]) stream.on('data', (chunk) => (output += chunk))
  const [code] = await once(bench, 'close')
  if (code !== 0) throw new Error(`The benchmark of ${checkout} failed:\n${output.split('\n').slice(-30).join('\n')}`)
  return readdirSync(into).map((file) => JSON.parse(readFileSync(join(into, file), 'utf8')) as Result)
}

function tableOf(figures: readonly Compared[]): string[][] {
  const head = ['', 'before', 'after', 'ratio', 'range of the rounds']
  const rows = figures.map(({ scenario, contender, figure, unit, before, after, ratio, range }) => [
    `${scenario}: ${contender}: ${figure}, ${unit}`,
    numberText(median(before)),
    numberText(median(after)),
    ratio.toFixed(3),
    range.map((each) => each.toFixed(3)).join(' to '),
  ])
  return [head, ...rows]
}

function write(name: string, figures: readonly Compared[]): void {
  const file = join(RESULTS, 'comparisons', `${name}.json`)
  const { only, rounds } = options
  const content = {
    measuredAt: new Date().toISOString(),
    before: commitOf(other),
    after: commitOf(ROOT),
    machine: machine(),
    settings: { only, rounds },
    figures,
  }
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`)
  console.log(`\nWritten: ${file}`)
}

function commitOf(checkout: string): string {
  return spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: checkout, encoding: 'utf8' }).stdout.trim()
}

function clock(): string {
  const seconds = Math.round(performance.now() / 1_000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
