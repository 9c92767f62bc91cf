import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PEERS } from './contenders.ts'
import { writePlot } from './plot.ts'
import { type Result, readResult } from './results.ts'
import type { Scenario } from './scenario.ts'
import { markdownText, reachedTable, tableOf } from './table.ts'

const DOCS = join(import.meta.dirname, '../../docs')
const PAGE = join(DOCS, 'performance.md')
const BEGIN = '<!-- Generated from bench/results by `npm run bench`: do not edit up to the end mark. -->'
const END = '<!-- End of what is generated. -->'

interface Measured {
  readonly scenario: Scenario
  readonly result: Result
}

/** Writes what is in bench/results into the marked block of docs/performance.md, and its plots beside it. */
export async function writePerformancePage(scenarios: readonly Scenario[]): Promise<void> {
  const measured = scenarios.flatMap((scenario) => {
    const result = readResult(scenario.name)
    return result ? [{ scenario, result }] : []
  })
  for (const { scenario, result } of measured) await writePlot(join(DOCS, plotOf(scenario)), scenario, result)
  writeFileSync(PAGE, replaceBlock(readFileSync(PAGE, 'utf8'), blockOf(measured)))
}

const plotOf = ({ name }: Scenario): string => `performance-${name}.svg`

/** @throws when the page has lost its marks */
export function replaceBlock(page: string, block: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin === -1 || end < begin) throw new Error('docs/performance.md has no marks for its generated block')
  return `${page.slice(0, begin + BEGIN.length)}\n\n${block}\n\n${page.slice(end)}`
}

function blockOf(measured: readonly Measured[]): string {
  const reached = measured
    .flatMap(({ result }) => result.reached)
    // Of one row, in the order of the scenarios.
    .toSorted((a, b) => a.target.row.localeCompare(b.target.row))
  const met = reached.filter(({ isMet }) => isMet).length
  const summary =
    `${met} of ${reached.length} targets are reached. A ratio is of two figures of one round, and its median that of the rounds' ratios. ` +
    'Figures without a range are of a single round: believe them less.'
  const parts = ['## Ratios', summary, markdownText(reachedTable(reached), ['row', 'measure']), peersTable()]
  return [...parts, ...measured.flatMap(sectionOf)].join('\n\n')
}

function peersTable(): string {
  const rows = PEERS.map(({ title, settings, mostRounds }) => [
    title,
    mostRounds === undefined ? settings : `${settings}. Runs in no more rounds than ${mostRounds}`,
  ])
  return [
    'The peers, each with the same settings in every row, the best that its documentation gives:',
    markdownText([['peer', 'settings'], ...rows], ['peer', 'settings']),
  ].join('\n\n')
}

function sectionOf({ scenario, result }: Measured): string[] {
  const { rows, title, summary } = scenario
  return [
    `## ${rows ? `${rows.join(', ')}: ` : ''}${title}`,
    summary,
    `![${title}: median of the rounds, with least and most](${plotOf(scenario)})`,
    markdownText(tableOf(result)),
    ...Object.entries(result.missing).map(([name, reason]) => `${name} was not measured: ${reason}.`),
    provenanceOf(result),
  ]
}

function provenanceOf({ measuredAt, commit, machine, versions, settings }: Result): string {
  const { cores, processor, memoryGiB, before, after, isLoaded } = machine
  const busy = `${before.busyPercent} % busy before and ${after.busyPercent} % after with other work`
  const load = `${isLoaded ? '**The machine was loaded**' : 'The machine was quiet'}: ${busy}, load average ${before.loadAverage} (the bench's own work a moment before counts).`
  const stated = (values: Readonly<Record<string, unknown>>) =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
      .join(', ')
  const { postgresql, redis, peers, ...others } = settings
  return [
    `<sub>${measuredAt.slice(0, 16).replace('T', ' ')} UTC, commit \`${commit}\`, ${cores} × ${processor}, ${memoryGiB} GiB.`,
    load,
    `${stated(versions)}.`,
    `Settings: ${stated(others)}. Redis: ${redis}. PostgreSQL: ${stated((postgresql ?? {}) as Record<string, unknown>)}.</sub>`,
  ].join(' ')
}
