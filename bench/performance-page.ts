import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Result, readResult } from './results.ts'
import type { Scenario } from './scenario.ts'
import { markdownText, spreadText, tableOf } from './table.ts'

const PAGE = join(import.meta.dirname, '../docs/performance.md')
const BEGIN = '<!-- Generated from bench/results by `npm run bench`: do not edit up to the end mark. -->'
const END = '<!-- End of what is generated. -->'

/** Writes what is in bench/results into the marked block of docs/performance.md. */
export function writePerformancePage(scenarios: readonly Scenario[]): void {
  const measured = scenarios.flatMap((scenario) => {
    const result = readResult(scenario.name)
    return result ? [{ scenario, result }] : []
  })
  writeFileSync(PAGE, replaceBlock(readFileSync(PAGE, 'utf8'), blockOf(measured)))
}

/** @throws when the page has lost its marks */
export function replaceBlock(page: string, block: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin === -1 || end < begin) throw new Error('docs/performance.md has no marks for its generated block')
  return `${page.slice(0, begin + BEGIN.length)}\n\n${block}\n\n${page.slice(end)}`
}

interface Measured {
  readonly scenario: Scenario
  readonly result: Result
}

function blockOf(measured: readonly Measured[]): string {
  const ratios = measured.flatMap(({ result }) => Object.entries(result.ratios))
  const ratioRows = ratios.map(([title, spread]) => [title, spreadText(spread, ' %')])
  const table = markdownText([['ratio', 'median (least to most)'], ...ratioRows])
  return ['### Ratios', table, ...measured.flatMap(sectionOf)].join('\n\n')
}

function sectionOf({ scenario, result }: Measured): string[] {
  return [`### \`${scenario.name}\``, scenario.summary, markdownText(tableOf(result)), provenanceOf(result)]
}

function provenanceOf({ measuredAt, commit, machine, versions, settings }: Result): string {
  const { cores, processor, memoryGiB, before, after, isLoaded } = machine
  const busy = `${before.busyPercent} % busy before and ${after.busyPercent} % after with other work`
  const load = `${isLoaded ? '**The machine was loaded**' : 'The machine was quiet'}: ${busy}, load average ${before.loadAverage}.`
  const stated = (values: Readonly<Record<string, unknown>>) =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
      .join(', ')
  const { postgresql, ...others } = settings
  return [
    `${measuredAt.slice(0, 16).replace('T', ' ')} UTC, commit \`${commit}\`, ${cores} × ${processor}, ${memoryGiB} GiB.`,
    load,
    `${stated(versions)}.`,
    `Settings: ${stated(others)}. PostgreSQL: ${stated((postgresql ?? {}) as Record<string, unknown>)}.`,
  ].join(' ')
}
