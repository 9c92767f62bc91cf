/**
 * The whole suite: the checks, then every test on every database that can be had.
 * Its last lines say what it ran on, what it could not run, and how many passed. In CI a
 * test that was skipped, or a database that is missing, fails the run.
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
// One after the other: each brings its servers up for itself, and the second fills the machine.
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
    // The run broke off before it was written; complaintsAbout() says so.
    return undefined
  }
}

function complaintsAbout({ code, engines, counts }: Run): string[] {
  if (!engines || !counts) return ['The tests did not run to their end: see above for the reason.']
  return code !== 0 && counts.numFailedTests === 0 ? ['Something failed outside of the tests: see above for it.'] : []
}

function complaintsInCi(): string[] {
  const missing = engines?.missing ?? []
  return [
    ...(missing.length > 0 ? ['In CI every database must be there: mend what "Could not run" lists.'] : []),
    ...(skipped > 0 ? [`In CI no test may be skipped, but ${skipped} were.`] : []),
  ]
}

function listOf(names: readonly string[] = []): string {
  return names.length > 0 ? names.join(', ') : 'nothing'
}
