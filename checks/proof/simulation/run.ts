/**
 * `npm run simulate`: plays seeds on all cores. For the first seed that breaks a promise it makes the plan as small as
 * possible and prints what happened.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { listOfNames, npmCommand, wholeNumber } from '@taskflow/testing/command-line'
import { InvalidArgumentError } from 'commander'
import { startDatabaseServer } from './database-server.ts'
import { planOf } from './plan.ts'
import { PLANTED_BUGS } from './planted-bugs.ts'
import { type Bug, type Outcome, play } from './play.ts'
import { shrunk } from './shrink.ts'

const DESCRIPTION = `Runs the real coordinator, workers, broker logic and SQL under a virtual clock, with seeded harm, and checks the promises.
Ends with 1 when a promise was broken; with a planted bug, when no promise was broken.`

/** The outcome of one seed, as a thread reports it. */
export interface Played extends Omit<Outcome, 'story'> {
  readonly seed: number
}

interface Found {
  readonly seeds: number
  readonly failing: Played | undefined
  readonly attempts: number
  readonly tasks: number
  readonly virtualMs: number
}

const options = npmCommand('simulate', DESCRIPTION)
  .option(
    '--seeds <n>',
    'number of runs (1000 take about five minutes on two cores); the first broken promise ends it',
    wholeNumber(),
    1_000,
  )
  .option('--from <n>', 'the first seed', wholeNumber(), 1)
  .option('--seed <n>', 'play one run, and print it step by step', wholeNumber())
  .option('--all', 'print routine statements too, which run every second')
  .option('--bug <name>', 'plant a bug, which must be found; "all" plants each in turn', bugNamed)
  .option('--jobs <n>', 'number of threads', wholeNumber(), availableParallelism())
  .addHelpText('after', listOfNames('Bugs that can be planted', PLANTED_BUGS))
  .parse()
  .opts<{ seeds: number; from: number; seed?: number; all?: true; bug?: Bug | 'all'; jobs: number }>()

if (options.bug === 'all') await findAll()
else if (options.seed !== undefined) await printRun(String(options.seed), options.bug)
else await prove(options.bug)

function bugNamed(name: string): Bug | 'all' {
  const bug = name === 'all' ? name : PLANTED_BUGS.find((each) => each.name === name)
  if (bug) return bug
  throw new InvalidArgumentError(
    `There is no bug ${name} to plant; there are ${PLANTED_BUGS.map((each) => each.name).join(', ')}.`,
  )
}

async function prove(bug: Bug | undefined): Promise<void> {
  const startedMs = performance.now()
  const found = await search(bug, options.from, options.seeds, (done) => progress(`${done} of ${options.seeds} seeds`))
  const seconds = (performance.now() - startedMs) / 1_000
  console.log(
    `${found.seeds} runs in ${seconds.toFixed(1)} s: ${found.tasks} tasks, ${found.attempts} attempts, ${(found.virtualMs / 60_000).toFixed(0)} simulated minutes`,
  )
  if (bug) console.log(found.failing ? `${bug.name} was found, as expected` : `${bug.name} was NOT found`)
  else if (!found.failing) console.log('No promise was broken')
  if (found.failing) await explain(found.failing, bug)
  if ((found.failing === undefined) === (bug !== undefined)) process.exitCode = 1
}

async function findAll(): Promise<void> {
  for (const bug of PLANTED_BUGS) {
    const { seeds, failing } = await search(bug, options.from, options.seeds, () => {})
    const how = failing
      ? `found by seed ${failing.seed} (${seeds} runs): ${foundBy(bug, failing.violations)}`
      : `NOT FOUND in ${seeds} runs`
    console.log(`${bug.name.padEnd(34)} ${how}`)
    if (!failing) process.exitCode = 1
  }
}

function foundBy({ breaks }: Bug, violations: Played['violations']): string {
  const found = violations.find(({ promise }) => breaks.includes(promise))
  return `${found?.promise}, ${found?.sentence}`
}

function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r${text}`)
}

/** Distributes seeds one by one; returns the smallest that breaks a promise. */
async function search(
  bug: Bug | undefined,
  from: number,
  count: number,
  onDone: (done: number) => void,
): Promise<Found> {
  let next = from
  let [done, attempts, tasks, virtualMs] = [0, 0, 0, 0]
  let failing: Played | undefined
  const end = from + count
  await Promise.all(
    Array.from({ length: Math.min(options.jobs, count) }, async () => {
      const thread = new Worker(new URL('./thread.ts', import.meta.url), { workerData: { bug: bug?.name } })
      try {
        while (next < end && (!failing || next < failing.seed)) {
          const played = await playOn(thread, next++)
          done++
          attempts += played.attempts
          tasks += played.tasks
          virtualMs += played.lastedMs
          const isFound = played.violations.some(({ promise }) => !bug || bug.breaks.includes(promise))
          if (isFound && (!failing || played.seed < failing.seed)) failing = played
          onDone(done)
        }
      } finally {
        await thread.terminate()
      }
    }),
  )
  progress('\n')
  return { seeds: done, failing, attempts, tasks, virtualMs }
}

function playOn(thread: Worker, seed: number): Promise<Played> {
  return new Promise((resolve, reject) => {
    thread.once('error', reject)
    thread.once('message', (played: Played) => {
      thread.off('error', reject)
      resolve(played)
    })
    thread.postMessage(seed)
  })
}

async function explain({ seed, violations }: Played, bug: Bug | undefined): Promise<void> {
  console.log(`\nSeed ${seed} broke a promise:`)
  const sentences = new Set(violations.map(({ promise, sentence }) => `  ${promise}: ${sentence}`))
  console.log([...sentences].slice(0, 5).join('\n'))
  console.log('\nShrinking the run, as long as it still breaks the promise …')
  const first = violations.find(({ promise }) => !bug || bug.breaks.includes(promise))
  const server = await startDatabaseServer()
  let tried = 0
  const plan = await shrunk(planOf(String(seed)), async (smaller) => {
    tried++
    const outcome = await play(smaller, server, { bug })
    return outcome.violations.some(({ promise }) => promise === first?.promise)
  })
  const { story } = await play(plan, server, { bug, isRecorded: true })
  console.log(
    `\nThe smallest run that breaks it (${tried} tries): ${counted(plan.works.length, 'call')}, ${counted(plan.harms.length, 'harm')}\n`,
  )
  console.log(story(options.all ?? false).join('\n'))
  console.log(`\nThe whole story: npm run simulate -- --seed ${seed}${bug ? ` --bug ${bug.name}` : ''} --all`)
  await server.close()
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

async function printRun(seed: string, bug: Bug | undefined): Promise<void> {
  const server = await startDatabaseServer()
  const { story, violations } = await play(planOf(seed), server, { bug, isRecorded: true })
  console.log(story(options.all ?? false).join('\n'))
  console.log(violations.length === 0 ? '\nNo promise was broken' : '')
  for (const { promise, sentence } of violations) console.log(`${promise}: ${sentence}`)
  if (violations.length > 0) process.exitCode = 1
  await server.close()
}
