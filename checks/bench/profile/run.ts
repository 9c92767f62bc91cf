/**
 * `npm run profile`: starts PostgreSQL and what is to be profiled, puts it under a load that suits it, and tells where the
 * time goes. Everything listens on 127.0.0.1 only, and is gone afterwards.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { endWithSignals } from '@taskflow/testing/end-with-signals'
import pg from 'pg'
import { optionsOrHint, wholeNumber } from '../command-line.ts'
import { alignedText } from '../table.ts'
import { type CpuProfile, selfTimes } from './cpu-profile.ts'
import { flameGraph } from './flame-graph.ts'
import { profileDatabase } from './profile-database.ts'
import { startCountingPostgres } from './profile-postgres.ts'
import { PROFILE_OF, type Scene } from './profile-process.ts'
import { type StatementCost, tableOfStatements } from './statement-report.ts'

const HELP = `npm run profile -- <what> [options]

  api                a process of role api: tasks submitted one by one over fifty connections
  worker             a process of role worker: a backlog of tasks that do nothing
  coordinator        a process of role coordinator: tasks that fall due, that expire, and that a dead worker left
  database           a process of all roles, by PostgreSQL's pg_stat_statements
  <file.cpuprofile>  profiles that are there already, say from npm run bench -- --profile <dir>

  --dir <folder>     where to write (default profiles): for each thread a flame graph to open in a browser, and the
                     .cpuprofile for its developer tools; for the database a table
  --tasks <n>        how many tasks (default 50000; 20000 for the coordinator)
  --top <n>          how many functions to print (default 25)
  --help
`

const ROLES = Object.keys(PROFILE_OF)

const { positionals, folder, top, tasks, help } = optionsOrHint('profile', readOptions)

if (help) process.stdout.write(HELP)
else {
  endWithSignals()
  mkdirSync(folder, { recursive: true })
  for (const what of positionals) await profile(what)
}

function readOptions() {
  const { values, positionals } = parseArgs({
    options: {
      dir: { type: 'string', default: 'profiles' },
      tasks: { type: 'string' },
      top: { type: 'string', default: '25' },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  })
  const { help } = values
  if (positionals.length === 0 && !help)
    throw new TypeError(`Expected what to profile: ${[...ROLES, 'database'].join(', ')}, or a .cpuprofile`)
  for (const what of positionals) {
    if (what.endsWith('.cpuprofile') ? !existsSync(what) : !isRole(what) && what !== 'database')
      throw new TypeError(`There is nothing to profile called ${what}`)
  }
  const tasks = values.tasks === undefined ? undefined : wholeNumber('tasks', values.tasks)
  return { positionals, folder: resolve(values.dir), top: wholeNumber('top', values.top), tasks, help }
}

function isRole(what: string): what is keyof typeof PROFILE_OF {
  return ROLES.includes(what)
}

async function profile(what: string): Promise<void> {
  const amount = tasks ?? (what === 'coordinator' ? 20_000 : 50_000)
  if (what === 'database') tellStatements(await inScene(amount, profileDatabase), amount)
  else if (isRole(what))
    for (const [thread, profiled] of await inScene(amount, PROFILE_OF[what])) tellTimes(`${what}-${thread}`, profiled)
  else tellTimes(basename(what, '.cpuprofile'), JSON.parse(readFileSync(what, 'utf8')) as CpuProfile)
}

/** On an empty database of a server of our own. */
async function inScene<Result>(amount: number, work: (scene: Scene) => Promise<Result>): Promise<Result> {
  const tell = (sentence: string): void => void process.stderr.write(`${sentence} …\n`)
  tell('Starting PostgreSQL')
  const server = await startCountingPostgres()
  const db = new pg.Client({ connectionString: server.url })
  try {
    await db.connect()
    return await work({ databaseUrl: server.url, db, amount, tell })
  } finally {
    await db.end()
    await server.stop()
  }
}

function tellTimes(name: string, profiled: CpuProfile): void {
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
  write(`${name}.html`, flameGraph(profiled, name))
}

function tellStatements(costs: readonly StatementCost[], tasks: number): void {
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
