/**
 * Writes the generated parts of docs/performance.md from the files in `checks/bench/results`: which targets are reached, and a
 * section for each scenario. Each part stands between two marks; the text around them is written by hand.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PEERS } from './contenders.ts'
import { writePlot } from './plot.ts'
import { type Result, readResult } from './results.ts'
import type { Scenario } from './scenario.ts'
import { markdownText, reachedTable, tableOf } from './table.ts'
import type { Reached } from './targets.ts'

const DOCS = join(import.meta.dirname, '../../docs')
const PAGE = join(DOCS, 'performance.md')
const WIDTH = 120

type Part = 'targets' | 'results'

const beginOf = (part: Part): string =>
  `<!-- Generated ${part}, from checks/bench/results by \`npm run bench\`: do not edit up to the end mark. -->`
const endOf = (part: Part): string => `<!-- End of the generated ${part}. -->`

interface Measured {
  readonly scenario: Scenario
  readonly result: Result
}

/** Writes the generated parts of docs/performance.md, and the plots beside it. */
export async function writePerformancePage(scenarios: readonly Scenario[]): Promise<void> {
  for (const { scenario, result } of measuredOf(scenarios))
    await writePlot(join(DOCS, plotOf(scenario)), scenario, result)
  writeFileSync(PAGE, performancePage(readPerformancePage(), scenarios))
}

export const readPerformancePage = (): string => readFileSync(PAGE, 'utf8')

/** The page with its generated parts made from the results that are there. */
export function performancePage(page: string, scenarios: readonly Scenario[]): string {
  const measured = measuredOf(scenarios)
  return replacePart(replacePart(page, 'targets', targetsPart(measured)), 'results', resultsPart(measured))
}

function measuredOf(scenarios: readonly Scenario[]): Measured[] {
  return scenarios.flatMap((scenario) => {
    const result = readResult(scenario.name)
    return result ? [{ scenario, result }] : []
  })
}

const plotOf = ({ name }: Scenario): string => `performance-${name}.svg`

/** @throws when the page has lost the marks of the part */
export function replacePart(page: string, part: Part, text: string): string {
  const [begin, end] = [page.indexOf(beginOf(part)), page.indexOf(endOf(part))]
  if (begin === -1 || end < begin) throw new Error(`docs/performance.md has no marks for its generated ${part}`)
  return `${page.slice(0, begin + beginOf(part).length)}\n\n${text}\n\n${page.slice(end)}`
}

function targetsPart(measured: readonly Measured[]): string {
  const reached = measured
    .flatMap(({ result }) => result.reached)
    // Targets of one row stay in the order of the scenarios.
    .toSorted((a, b) => a.target.row.localeCompare(b.target.row))
  const machines = new Set(measured.map(({ result }) => machineText(result)))
  const commits = new Set(measured.map(({ result }) => `\`${result.commit}\``))
  const met = reached.filter(({ isMet }) => isMet).length
  const summary =
    `TaskFlow reaches **${met} of ${reached.length}** targets, measured on ${[...machines].join('; ')} at commit ` +
    `${[...commits].join(', ')}. A target counts as reached when the median of its rounds reaches it.`
  return [
    wrapped(summary),
    rowsList(reached, titlesOf(measured)),
    markdownText(reachedTable(reached), ['row', 'measure']),
  ].join('\n\n')
}

/** Titles of the rows that share their scenario with another row. */
const ROW_TITLES = { I: 'memory', J: 'CPU of an idle system' }

/** For each row its title, else that of the first scenario that measures it. */
function titlesOf(measured: readonly Measured[]): ReadonlyMap<string, string> {
  const titles = measured.flatMap(({ scenario: { rows = [], title } }) =>
    rows.map((row) => [row, title.charAt(0).toLowerCase() + title.slice(1)] as const),
  )
  return new Map([...titles.toReversed(), ...Object.entries(ROW_TITLES)])
}

/** Groups the rows of the target table by how many of their targets are reached. */
function rowsList(reached: readonly Reached[], titles: ReadonlyMap<string, string>): string {
  const rows = [...Map.groupBy(reached, ({ target }) => target.row)]
  const listed = (isListed: (met: number, all: number) => boolean): string =>
    rows
      .filter(([, targets]) => isListed(targets.filter(({ isMet }) => isMet).length, targets.length))
      .map(([row]) => `${row} (${titles.get(row)})`)
      .join(', ') || 'none'
  return [
    wrapped(`- All targets are reached: ${listed((met, all) => met === all)}.`, '  '),
    wrapped(`- Some targets are reached: ${listed((met, all) => met > 0 && met < all)}.`, '  '),
    wrapped(`- No target is reached: ${listed((met) => met === 0)}.`, '  '),
  ].join('\n')
}

function resultsPart(measured: readonly Measured[]): string {
  // Of facts on which results disagree the first one is shared; each section states where it differs.
  const shared: Facts = Object.assign({}, ...measured.map(({ result }) => factsOf(result)).reverse())
  return [
    ...peersSection(),
    ...environmentSection(shared),
    ...measured.flatMap((each) => sectionOf(each, shared)),
  ].join('\n\n')
}

function peersSection(): string[] {
  const rows = PEERS.map(({ title, settings, mostRounds }) => [
    title,
    mostRounds === undefined ? settings : `${settings}; measured in ${mostRounds} round only`,
  ])
  return [
    '## Peers',
    'Each peer has the same settings in every row: the best that its documentation gives.',
    markdownText([['peer', 'settings'], ...rows], ['peer', 'settings']),
  ]
}

/** The machine, versions and server settings of a result, by name. */
type Facts = Readonly<Record<string, string>>

const MACHINE = 'machine'
const REDIS = 'settings of Redis'
const POSTGRESQL = 'settings of PostgreSQL'

function factsOf(result: Result): Facts {
  const { postgresql, redis } = result.settings
  return {
    [MACHINE]: machineText(result),
    [REDIS]: String(redis),
    [POSTGRESQL]: stated((postgresql ?? {}) as Record<string, unknown>),
    ...result.versions,
  }
}

const machineText = ({ machine: { cores, processor, memoryGiB } }: Result): string =>
  `${cores} cores of ${processor}, ${memoryGiB} GiB`

function environmentSection({ [MACHINE]: machine, [REDIS]: redis, [POSTGRESQL]: postgresql, ...versions }: Facts) {
  const rows = Object.entries({
    [MACHINE]: machine,
    versions: stated(versions),
    [REDIS]: redis,
    [POSTGRESQL]: postgresql,
  })
  return [
    '## Environment',
    'These facts hold for every result, unless the note under its table states otherwise.',
    markdownText([['fact', 'value'], ...rows.map(([name, value]) => [name, value ?? ''])], ['fact', 'value']),
  ]
}

function sectionOf({ scenario, result }: Measured, shared: Facts): string[] {
  const { rows, title, summary } = scenario
  return [
    `## ${rows ? `${rows.join(', ')}: ` : ''}${title}`,
    wrapped(summary),
    `![${title}: median of the rounds, with minimum and maximum](${plotOf(scenario)})`,
    markdownText(tableOf(result)),
    ...Object.entries(result.missing).map(([name, reason]) => wrapped(`${name} was not measured: ${reason}.`)),
    wrapped(noteOf(result, shared)),
  ]
}

function noteOf(result: Result, shared: Facts): string {
  const { measuredAt, commit, machine, settings } = result
  const { before, after, isLoaded } = machine
  const { postgresql: _postgresql, redis: _redis, peers: _peers, ...ownSettings } = settings
  const differing = Object.entries(factsOf(result)).filter(([name, value]) => value !== shared[name])
  const load =
    `Other work kept the cores ${before.busyPercent} % busy before and ${after.busyPercent} % after the scenario; ` +
    `load average ${before.loadAverage}, including the bench itself.`
  return [
    `<sub>Measured on ${measuredAt.slice(0, 16).replace('T', ' ')} UTC at commit \`${commit}\`.`,
    ...(isLoaded ? ['**The machine was loaded.**'] : []),
    load,
    ...(differing.length > 0 ? [`Differs: ${stated(Object.fromEntries(differing))}.`] : []),
    `Settings: ${stated(ownSettings)}.</sub>`,
  ].join(' ')
}

const stated = (values: Readonly<Record<string, unknown>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ')

/** Breaks a paragraph into lines, as all pages are. */
export function wrapped(paragraph: string, indent = ''): string {
  const lines: string[] = []
  let line = ''
  for (const word of paragraph.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = `${indent}${word}`
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join('\n')
}
