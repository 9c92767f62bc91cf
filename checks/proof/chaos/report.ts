import type { ChaosResult, Recovery } from './result.ts'
import type { HarmKind } from './schedule.ts'

type Row = readonly [what: string, value: string]

/** Renders the table that a run prints at its end. */
export function reportOf(result: ChaosResult): string {
  const { figures, calls } = result
  const rows: Row[] = [
    ['accepted', `${result.accepted}`],
    ['finished', `${figures.succeeded} succeeded, ${figures.failed} failed, ${figures.cancelled} cancelled`],
    ['unfinished', `${figures.unfinished}`],
    ['lost', `${result.lost}`],
    ['doubled', `${result.doubled}`],
    ['refused as stale', `${result.refusedAsStale}`],
    ['rescues', `${figures.rescues}`],
    ['quarantined', `${figures.quarantined}`],
    ['attempts', `${figures.attempts}`],
    ['claims undone by a crash of the database', `${result.forgottenClaims}`],
    ['lost workers', `${result.workersLost}`],
    ['workers killed by their own tasks', `${result.deaths}`],
    ['calls, tries after an unknown outcome', `${calls.calls}, ${calls.retried}`],
    ['cancelled, redriven, refused', `${calls.cancelled}, ${calls.redriven}, ${calls.refused}`],
    ['harms', `${sum(Object.values(result.harms))}`],
    ...Object.keys(result.harms)
      .toSorted()
      .map((kind): Row => [`  ${kind}`, harmText(result, kind as HarmKind)]),
    ['longest until a new task had run', longest(result.recoveries, 'firstTaskMs')],
    ['longest until recovered', longest(result.recoveries, 'calmMs')],
    ...Object.entries(result.missing).map(([kind, reason]): Row => [`not done: ${kind}`, reason]),
  ]
  const width = Math.max(...rows.map(([what]) => what.length)) + 2
  const broken = result.violations.map(({ promise, sentence }) => `  ${promise}: ${sentence}`)
  return [
    ...rows.map(([what, value]) => `${what.padEnd(width)}${value}`),
    '',
    broken.length === 0 ? 'No promise was broken' : `Broken promises: ${broken.length}`,
    ...broken.slice(0, MAX_SENTENCES),
    ...(broken.length > MAX_SENTENCES ? [`  … and ${broken.length - MAX_SENTENCES} more`] : []),
  ].join('\n')
}

const MAX_SENTENCES = 30

function harmText({ harms, recoveries }: ChaosResult, kind: HarmKind): string {
  const after = ofHarmAlone(recoveries).filter((recovery) => recovery.harms.includes(kind))
  const slowest = (figure: 'firstTaskMs' | 'calmMs'): string => seconds(Math.max(...after.map((each) => each[figure])))
  const slowestText =
    after.length === 0
      ? ''
      : `, a new task after at most ${slowest('firstTaskMs')}, recovered after ${slowest('calmMs')}`
  return `${harms[kind]}${slowestText}`
}

function longest(recoveries: readonly Recovery[], figure: 'firstTaskMs' | 'calmMs'): string {
  const [slowest] = ofHarmAlone(recoveries).toSorted((a, b) => b[figure] - a[figure])
  return slowest ? `${seconds(slowest[figure])} (${slowest.harms.join(' and ')})` : 'none'
}

/** Leaves out recoveries during which a task killed its worker: they took longer for a reason other than the harm. */
const ofHarmAlone = (recoveries: readonly Recovery[]): Recovery[] =>
  recoveries.filter(({ isDisturbed }) => !isDisturbed)

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
