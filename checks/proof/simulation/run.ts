/**
 * `npm run simulate`: plays seeds on all cores, and for the first that breaks a promise makes its plan as small as it goes and
 * tells what happened.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { optionsOrHint, wholeNumber } from '@taskflow/bench/command-line.ts'
import { startDatabaseServer } from './database-server.ts'
import { planOf } from './plan.ts'
import { PLANTED_BUGS } from './planted-bugs.ts'
import { type Bug, type Outcome, play } from './play.ts'
import { shrunk } from './shrink.ts'

const HELP = `npm run simulate -- [options]

Runs the real coordinator, workers, brokers' logic and SQL under a virtual clock, with seeded harm, and checks the promises.

  --seeds <n>      how many runs (default 1000, some five minutes on two cores); the first that breaks a promise ends it
  --from <n>       the first seed (default 1)
  --seed <n>       one run, told step by step
  --all            with what happens each second, which is left out otherwise
  --bug <name>     with a mistake planted, to see that it is found; "all" for each in turn
  --jobs <n>       threads (default: one for each core)
  --help

Ends with 1 when a promise was broken; with a bug planted, when none was.

Bugs that can be planted:
${PLANTED_BUGS.map(({ name, summary }) => `  ${name.padEnd(34)}${summary}`).join('\n')}
`

/** What a thread says of one seed. */
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

const options = optionsOrHint('simulate', readOptions)
if (options.help) process.stdout.write(HELP)
else if (options.seed !== undefined) await tell(String(options.seed), bugNamed(options.bug))
else if (options.bug === 'all') await findAll()
else await prove()

function readOptions() {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      all: { type: 'boolean', default: false },
      bug: { type: 'string' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    ...values,
    seed: values.seed === undefined ? undefined : wholeNumber('seed', values.seed),
    seeds: wholeNumber('seeds', values.seeds),
    from: wholeNumber('from', values.from),
    jobs: wholeNumber('jobs', values.jobs),
  }
}

function bugNamed(name: string | undefined): Bug | undefined {
  if (name === undefined) return undefined
  const bug = PLANTED_BUGS.find((each) => each.name === name)
  if (bug) return bug
  console.error(`There is no bug ${name} to plant; there are ${PLANTED_BUGS.map((each) => each.name).join(', ')}`)
  return process.exit(2)
}

async function prove(): Promise<void> {
  const bug = bugNamed(options.bug)
  const startedMs = performance.now()
  const found = await search(bug, options.from, options.seeds, (done) => progress(`${done} of ${options.seeds} seeds`))
  const seconds = (performance.now() - startedMs) / 1_000
  console.log(
    `${found.seeds} runs in ${seconds.toFixed(1)} s: ${found.tasks} tasks, ${found.attempts} attempts, ${(found.virtualMs / 60_000).toFixed(0)} minutes of the runs' own time`,
  )
  if (bug) console.log(found.failing ? `${bug.name} was found, as it must be` : `${bug.name} was NOT found`)
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

/** Seeds are dealt out one by one; the smallest that breaks a promise counts. */
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
          const played = await ask(thread, next++)
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

function ask(thread: Worker, seed: number): Promise<Played> {
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
  console.log('\nMaking the run smaller, for as long as it still does …')
  const first = violations.find(({ promise }) => !bug || bug.breaks.includes(promise))
  const server = await startDatabaseServer()
  let tried = 0
  const plan = await shrunk(planOf(String(seed)), async (smaller) => {
    tried++
    const outcome = await play(smaller, server, { bug })
    return outcome.violations.some(({ promise }) => promise === first?.promise)
  })
  const { story } = await play(plan, server, { bug, isTold: true })
  console.log(
    `\nThe smallest run that does (${tried} tries): ${counted(plan.works.length, 'call')}, ${counted(plan.harms.length, 'harm')}\n`,
  )
  console.log(story(options.all).join('\n'))
  console.log(`\nThe whole of it: npm run simulate -- --seed ${seed}${bug ? ` --bug ${bug.name}` : ''} --all`)
  await server.close()
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

async function tell(seed: string, bug: Bug | undefined): Promise<void> {
  const server = await startDatabaseServer()
  const { story, violations } = await play(planOf(seed), server, { bug, isTold: true })
  console.log(story(options.all).join('\n'))
  console.log(violations.length === 0 ? '\nNo promise was broken' : '')
  for (const { promise, sentence } of violations) console.log(`${promise}: ${sentence}`)
  if (violations.length > 0) process.exitCode = 1
  await server.close()
}
