/**
 * `npm run profile`: starts PostgreSQL and a TaskFlow process, puts the process under a load that suits its role, and
 * reports where the time goes. Everything listens on 127.0.0.1 only and is removed afterwards.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { listOfNames, npmCommand, wholeNumber } from '@taskflow/testing/command-line'
import { endWithSignals } from '@taskflow/testing/end-with-signals'
import { alignedText } from '@taskflow/testing/measuring/text-table'
import { InvalidArgumentError } from 'commander'
import pg from 'pg'
import { type CpuProfile, selfTimes } from './cpu-profile.ts'
import { profileDatabase } from './profile-database.ts'
import { startCountingPostgres } from './profile-postgres.ts'
import { PROFILE_OF, type Scene } from './profile-process.ts'
import { type StatementCost, tableOfStatements } from './statement-report.ts'

const SUBJECTS = [
  { name: 'api', summary: 'a process of role api: tasks are submitted one by one over fifty connections' },
  { name: 'worker', summary: 'a process of role worker: it runs a backlog of tasks that do nothing' },
  {
    name: 'coordinator',
    summary: 'a process of role coordinator: tasks fall due, expire, and are left by a lost worker',
  },
  { name: 'database', summary: 'a process of all roles: the cost of each statement, by pg_stat_statements' },
  { name: '<file.cpuprofile>', summary: 'an existing profile, for example from npm run bench -- --profile <folder>' },
]

const ROLES = Object.keys(PROFILE_OF)

const { subjects, folder, top, tasks } = readOptions()

endWithSignals()
mkdirSync(folder, { recursive: true })
for (const subject of subjects) await profile(subject)

function readOptions() {
  const command = npmCommand(
    'profile',
    'Reports where the time goes, and writes for each thread a .cpuprofile, which the DevTools of a browser show as a flame ' +
      'chart; for the database it writes a table.',
  )
    .argument('<subject...>', `${[...ROLES, 'database'].join(', ')}, or a .cpuprofile file`, subjectOf)
    .option('--dir <folder>', 'folder to write to', 'profiles')
    .option('--tasks <n>', 'number of tasks (default: 50000, for the coordinator 20000)', wholeNumber())
    .option('--top <n>', 'number of functions to print', wholeNumber(), 25)
    .addHelpText('after', listOfNames('Subjects', SUBJECTS))
    .parse()
  const options = command.opts<{ dir: string; tasks?: number; top: number }>()
  return { ...options, folder: resolve(options.dir), subjects: command.processedArgs[0] as readonly string[] }
}

function subjectOf(name: string, others: readonly string[] = []): readonly string[] {
  if (name.endsWith('.cpuprofile') ? !existsSync(name) : !isRole(name) && name !== 'database')
    throw new InvalidArgumentError(`There is nothing to profile called ${name}.`)
  return [...others, name]
}

function isRole(what: string): what is keyof typeof PROFILE_OF {
  return ROLES.includes(what)
}

async function profile(what: string): Promise<void> {
  const amount = tasks ?? (what === 'coordinator' ? 20_000 : 50_000)
  if (what === 'database') printStatements(await inScene(amount, profileDatabase), amount)
  else if (isRole(what))
    for (const [thread, profiled] of await inScene(amount, PROFILE_OF[what])) printTimes(`${what}-${thread}`, profiled)
  else printTimes(basename(what, '.cpuprofile'), JSON.parse(readFileSync(what, 'utf8')) as CpuProfile)
}

/** Does the work on an empty database of its own server. */
async function inScene<Result>(amount: number, work: (scene: Scene) => Promise<Result>): Promise<Result> {
  const report = (sentence: string): void => void process.stderr.write(`${sentence} …\n`)
  report('Starting PostgreSQL')
  const server = await startCountingPostgres()
  const db = new pg.Client({ connectionString: server.url })
  try {
    await db.connect()
    return await work({ databaseUrl: server.url, db, amount, report })
  } finally {
    await db.end()
    await server.stop()
  }
}

function printTimes(name: string, profiled: CpuProfile): void {
  const { busyUs, idleUs, byFunction, byPackage } = selfTimes(profiled)
  const rowsOf = (times: ReadonlyMap<string, number>, most: number): string[][] =>
    [...times]
      .sort(([, a], [, b]) => b - a)
      .slice(0, most)
      .map(([what, us]) => [what, `${((100 * us) / busyUs).toFixed(1)} %`, `${Math.round(us / 1_000)} ms`])
  const ms = (us: number): string => `${Math.round(us / 1_000)} ms`
  print(`${name}: busy ${ms(busyUs)}, idle ${ms(idleUs)}`)
  print(alignedText([['by package', 'of its own', ''], ...rowsOf(byPackage, 12)]))
  print(alignedText([['by function', 'of its own', ''], ...rowsOf(byFunction, top)]))
  write(`${name}.cpuprofile`, JSON.stringify(profiled))
}

function printStatements(costs: readonly StatementCost[], tasks: number): void {
  const text = alignedText(tableOfStatements(costs, tasks))
  print(text)
  write('database.txt', `${text}\n`)
}

function print(text: string): void {
  process.stdout.write(`\n${text}\n`)
}

function write(file: string, text: string): void {
  const path = join(folder, file)
  writeFileSync(path, text)
  process.stdout.write(`\nWritten: ${path}\n`)
}
