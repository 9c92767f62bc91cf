/**
 * Demonstrates TaskFlow on real input: run `npm start`, and then this file in another terminal. The demonstration
 * submits one task for each installed npm package and one task that combines their results. One task fails once and is
 * retried; another ends in the dead-letter queue and is redriven.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasCode, type Task, TaskFlow } from '@taskflow/sdk'
import { inspectPackage, type Package, type PackageReport, reportPackages } from '../tasks/packages.ts'
import { findPackages } from './find-packages.ts'
import { type Counts, progressBar } from './progress-bar.ts'
import { printReport } from './report.ts'

const url = process.env.TASKFLOW_URL ?? 'http://127.0.0.1:8080'
const client = new TaskFlow({ url, token: tokenOf(), retries: 2 })
const run = randomUUID()
const print = (line: string): boolean => process.stdout.write(`${line}\n`)

try {
  await demonstrate()
} catch (error) {
  const hint = hasCode(error, 'SERVER_UNREACHABLE') ? `\nStart the server first, in another terminal: npm start` : ''
  process.stderr.write(`${error instanceof Error ? error.message : error}${hint}\n`)
  process.exitCode = 1
}

async function demonstrate(): Promise<void> {
  await refuseWithoutWorker()
  const folders = findPackages(join(process.cwd(), 'node_modules'))
  const flakyFolder = folders[Math.floor(folders.length / 2)]
  print(`\n  Submitting one task for each of ${folders.length} installed packages …`)
  await client.tasks.submitMany(
    folders.map((folder) => ({
      type: inspectPackage.type,
      title: folder.slice(process.cwd().length + 1),
      payload: { folder, failsFirst: folder === flakyFolder },
      labels: { demo: run },
    })),
  )
  const lost = await client.tasks.submit(
    inspectPackage,
    { folder: join(process.cwd(), 'node_modules/not-there') },
    { title: 'node_modules/not-there', labels: { demo: run } },
  )

  await watch(folders.length + 1)
  await showRetry(flakyFolder)
  await showRedrive(lost.id, folders[0] ?? '')

  const packages: Package[] = []
  for await (const task of client.tasks.listAll({
    type: inspectPackage.type,
    labels: { demo: run },
    include: ['result'],
  })) {
    // The redriven task read a package that has its own task.
    if (task.id !== lost.id) packages.push(task.result as Package)
  }
  const report = await client.tasks.submit(
    reportPackages,
    { packages },
    { title: 'Report of all packages', labels: { demo: run } },
  )
  print(printReport((await client.tasks.result(report, { timeoutMs: 30_000 })) as PackageReport))
}

/** Throws when no worker has the example tasks: the tasks, and the demonstration, would then wait for ever. */
async function refuseWithoutWorker(): Promise<void> {
  const { items } = await client.workers.list()
  if (items.some(({ state, types }) => state === 'active' && types.includes(inspectPackage.type))) return
  throw new Error(`No worker at ${url} has the example tasks: start one with --tasks examples/tasks, as npm start does`)
}

/** Shows the progress until every task has finished. */
async function watch(total: number): Promise<void> {
  const bar = progressBar(process.stdout)
  for (;;) {
    const counts = await count(total)
    bar.show(counts)
    if (counts.succeeded + counts.failed >= total) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  bar.end()
}

async function count(total: number): Promise<Counts> {
  const states = new Map<string, number>()
  for await (const task of client.tasks.listAll({ labels: { demo: run }, limit: 200 })) {
    states.set(task.state, (states.get(task.state) ?? 0) + 1)
  }
  const of = (state: string): number => states.get(state) ?? 0
  return { total, succeeded: of('succeeded'), running: of('running'), retrying: of('retrying'), failed: of('failed') }
}

async function showRetry(folder: string | undefined): Promise<void> {
  const retried = await firstOf(
    client.tasks.listAll({ labels: { demo: run }, q: folder?.slice(process.cwd().length + 1) ?? '' }),
  )
  if (!retried) return
  const { items } = await client.tasks.attempts(retried.id)
  print(`\n  Retried: ${retried.title}`)
  for (const { attempt, outcome, error } of items)
    print(`    attempt ${attempt}: ${outcome}${error ? ` (${error.message})` : ''}`)
}

async function showRedrive(id: string, folder: string): Promise<void> {
  const failed = await client.tasks.get(id)
  print(`\n  In the dead-letter queue: ${failed.title}\n    ${failed.error?.message} [${failed.error?.reason}]`)
  await client.tasks.redrive(id, { payload: { folder } })
  const again = await client.tasks.wait(id, { timeoutMs: 30_000 })
  print(`    redriven with the folder of a package that exists: ${again.state}`)
}

async function firstOf(tasks: AsyncIterable<Task>): Promise<Task | undefined> {
  for await (const task of tasks) return task
  return undefined
}

function tokenOf(): string | undefined {
  const { TASKFLOW_TOKEN, TASKFLOW_ADMIN_TOKEN, TASKFLOW_DATA_DIR = '.taskflow' } = process.env
  if (TASKFLOW_TOKEN ?? TASKFLOW_ADMIN_TOKEN) return TASKFLOW_TOKEN ?? TASKFLOW_ADMIN_TOKEN
  try {
    return readFileSync(join(TASKFLOW_DATA_DIR, 'admin.key'), 'utf8').trim()
  } catch {
    // Without a token the server refuses the requests and says why.
    return undefined
  }
}
