/**
 * Runs the whole suite: the checks, then every test on every available database. The last lines list the databases that
 * were used, those that were not available, and the number of tests that passed. In CI a skipped test or a missing
 * database fails the run.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runChecks } from './checks.ts'
import { run } from './run.ts'

interface Engines {
  readonly ran: readonly string[]
  readonly missing: readonly string[]
}

interface Counts {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
}

interface Run {
  readonly code: number
  readonly engines: Engines | undefined
  readonly counts: Counts | undefined
}

const checks = await runChecks()
// Runs one after the other: each run starts its own servers, and the second one uses the whole machine.
const runs = [await runTests('full'), await runTests('cluster')]
const engines = runs[0]?.engines
const sum = (count: keyof Counts): number => runs.reduce((total, { counts }) => total + (counts?.[count] ?? 0), 0)

const passed = checks.passed + sum('numPassedTests')
const failed = checks.failed + sum('numFailedTests')
const skipped = sum('numPendingTests') + sum('numTodoTests')
const complaints = [...runs.flatMap(complaintsAbout), ...(process.env.CI === 'true' ? complaintsInCi() : [])]

console.log()
for (const complaint of complaints) console.log(complaint)
console.log(`Ran on: ${listOf(engines?.ran)}`)
console.log(`Could not run: ${listOf(engines?.missing)}`)
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
if (runs.some(({ code }) => code !== 0) || failed > 0 || complaints.length > 0) process.exitCode = 1

async function runTests(project: 'full' | 'cluster'): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'taskflow-report-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const [countsFile, enginesFile] = [join(folder, 'counts.json'), join(folder, 'engines.json')]
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${countsFile}`]
  const filters = process.argv.slice(2)
  const chosen = filters.length > 0 ? ['--passWithNoTests', ...filters] : []
  const { code } = await run('vitest', ['run', '--project', project, ...reporters, ...chosen], {
    env: { TASKFLOW_TEST_REPORT: enginesFile },
    isShown: true,
  })
  return { code, engines: read<Engines>(enginesFile), counts: read<Counts>(countsFile) }
}

function read<Content>(file: string): Content | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Content
  } catch {
    // The run ended before it wrote the file; complaintsAbout() reports that.
    return undefined
  }
}

function complaintsAbout({ code, engines, counts }: Run): string[] {
  if (!engines || !counts) return ['The tests did not complete: the output above shows the reason.']
  return code !== 0 && counts.numFailedTests === 0
    ? ['An error occurred outside the tests: the output above shows it.']
    : []
}

function complaintsInCi(): string[] {
  const missing = engines?.missing ?? []
  return [
    ...(missing.length > 0
      ? ['In CI every database must be available: install those that "Could not run" lists.']
      : []),
    ...(skipped > 0 ? [`In CI no test may be skipped, but ${skipped} tests were.`] : []),
  ]
}

function listOf(names: readonly string[] = []): string {
  return names.length > 0 ? names.join(', ') : 'nothing'
}
