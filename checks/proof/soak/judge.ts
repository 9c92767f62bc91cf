import { numberText } from '@taskflow/bench/table.ts'
import type { DatabaseFigures, TableFigures } from './figures.ts'
import type { Sample } from './sampler.ts'
import type { Measured } from './soak.ts'
import { ROLES } from './system.ts'
import { median, type Point, type Trend, trendOf } from './trend.ts'

/**
 * What must not rise, and from where on it does: by more than a share of itself, and by more than a floor, below which it is a curve's
 * own grain. Both the slope over all of the time and the last quarter against the first must say so: a slope alone takes a step for a
 * rise, and two quarters alone a wave.
 */
interface Curve {
  readonly name: string
  readonly unit: string
  of(sample: Sample): number | null | undefined
  /** As a share of the median. */
  readonly mostRise: number
  readonly floor: number
  /** Whether other work on the machine moves it: then the quieter half of each quarter counts. */
  readonly isMovedByOthers?: boolean
  /**
   * Whether it goes up and down by steps: V8 doubles and halves its space for new objects, by 128 MiB in all. What grows for
   * another reason grows past the highest step of the first quarter too.
   */
  readonly isStepped?: boolean
}

// A tenth in an hour: with 720,000 tasks and a process of 150 MiB, some 20 bytes a task. What leaks less is no longer told from a
// heap that V8 has not tidied yet.
const MEMORY = { unit: 'MiB', mostRise: 0.1, floor: 8 }
// A vacuum each minute makes a saw of it; a sample every 15 s meets each tooth four times, so its median stands.
const ROWS = { unit: 'rows', mostRise: 0.25, floor: 1_000 }
const SIZE = { unit: 'MiB', mostRise: 0.1, floor: 1 }
const LATENCY = { unit: 'ms', mostRise: 0.25, isMovedByOthers: true }
const COUNT = { mostRise: 0.05, floor: 2 }

// Rewritten all the time, and never longer. What is kept for a day or more grows by design: keys, finished tasks, minutes.
const SMALL_TABLES = ['worker', 'leader', 'queue_count', 'queue_minute']

const sumOf = ({ tables }: DatabaseFigures, of: (table: TableFigures) => number): number =>
  SMALL_TABLES.reduce((sum, name) => sum + (tables[name] ? of(tables[name]) : 0), 0)

const CURVES: readonly Curve[] = [
  ...ROLES.flatMap((role): Curve[] => [
    { name: `memory of ${role}`, ...MEMORY, isStepped: true, of: ({ processes }) => processes[role].residentMiB },
    { name: `old space of ${role}`, ...MEMORY, of: ({ processes }) => processes[role].oldSpaceMiB },
  ]),
  { name: 'memory of PostgreSQL, without its buffers', ...MEMORY, of: ({ postgres }) => postgres.ownMiB },
  { name: 'dead rows of `task`', ...ROWS, of: ({ postgres }) => postgres.tables.task?.dead },
  { name: '`task`', ...SIZE, of: ({ postgres }) => postgres.tables.task?.tableMiB },
  { name: 'indexes of `task`', ...SIZE, of: ({ postgres }) => postgres.tables.task?.indexMiB },
  { name: 'dead rows of the other small tables', ...ROWS, of: ({ postgres }) => sumOf(postgres, ({ dead }) => dead) },
  {
    name: 'the other small tables',
    ...SIZE,
    of: ({ postgres }) => sumOf(postgres, (each) => each.tableMiB + each.indexMiB),
  },
  { name: 'WAL', unit: 'MiB/s', mostRise: 0.25, floor: 0.1, of: ({ postgres }) => postgres.walMiBPerSecond },
  { name: 'submit, p50', ...LATENCY, floor: 1, of: ({ submits }) => submits.p50 },
  { name: 'submit, p99', ...LATENCY, floor: 5, of: ({ submits }) => submits.p99 },
  { name: 'pickup, p50', ...LATENCY, floor: 1, of: ({ pickups }) => pickups.p50 },
  { name: 'pickup, p99', ...LATENCY, floor: 5, of: ({ pickups }) => pickups.p99 },
  { name: 'start of what was due, p50', ...LATENCY, floor: 5, of: ({ late }) => late.p50 },
  ...ROLES.flatMap((role): Curve[] => [
    { name: `event loop of ${role}, p99`, ...LATENCY, floor: 5, of: ({ processes }) => processes[role].loopLagP99Ms },
    { name: `open files of ${role}`, unit: 'files', ...COUNT, of: ({ processes }) => processes[role].files },
  ]),
  { name: 'connections', unit: 'connections', ...COUNT, of: ({ postgres }) => postgres.connections },
]

export interface Verdict extends Trend {
  readonly curve: string
  readonly unit: string
  readonly mostRise: number
  readonly floor: number
  readonly samples: number
  readonly isFlat: boolean
}

// Ten minutes of an hour: so long it may take at two hundred tasks a second until V8's space for new objects has its full size.
const WARM_UP_SHARE = 1 / 6

// Below this a quarter is a moment or two, and what rises is a start.
const FEWEST_SAMPLES = 16

/** With no verdict on too few samples. */
export function judge({ samples }: Pick<Measured, 'samples'>): Verdict[] {
  if (samples.length < FEWEST_SAMPLES) return []
  const lasted = samples.at(-1)?.atSeconds ?? 0
  const warm = samples.filter(({ atSeconds }) => atSeconds > WARM_UP_SHARE * lasted)
  return CURVES.map((curve) => verdictOf(curve, curve.isMovedByOthers ? quieterHalf(warm) : warm))
}

function verdictOf({ name, unit, of, mostRise, floor, isStepped }: Curve, samples: readonly Sample[]): Verdict {
  const points = samples.flatMap((sample): Point[] => {
    const value = of(sample)
    return value === null || value === undefined ? [] : [[sample.atSeconds, value]]
  })
  const trend = trendOf(points)
  const grew = (from: number, to: number) => to - from > Math.max(floor, mostRise * from)
  // A curve that lies at zero most of the time has no slope as a share: its last quarter tells alone.
  const isSloping = trend.rise > mostRise || trend.median === 0
  const rises = isSloping && grew(trend.first, trend.last) && (!isStepped || grew(trend.mostOfFirst, trend.mostOfLast))
  // Of what was not measured nothing is known, least of all that it is flat.
  const isMeasured = [trend.median, trend.first, trend.last].every(Number.isFinite)
  return { curve: name, unit, ...trend, mostRise, floor, samples: points.length, isFlat: isMeasured && !rises }
}

/** Of each quarter, so that time has as many points everywhere. */
function quieterHalf(samples: readonly Sample[]): Sample[] {
  const size = Math.ceil(samples.length / 4)
  return [0, 1, 2, 3].flatMap((nth) => {
    const quarter = samples.slice(nth * size, (nth + 1) * size)
    const middle = median(quarter.map(({ machine }) => machine.others))
    return quarter.filter(({ machine }) => machine.others <= middle)
  })
}

export function verdictTable(verdicts: readonly Verdict[]): string[][] {
  return [
    ['', 'median', 'first quarter', 'last quarter', 'slope / median', 'allowed', 'at least', 'verdict'],
    ...verdicts.map(({ curve, unit, median, first, last, rise, mostRise, floor, isFlat }) => [
      curve,
      `${figure(median)} ${unit}`,
      figure(first),
      figure(last),
      percent(rise),
      percent(mostRise),
      `${figure(floor)} ${unit}`,
      isFlat ? 'flat' : 'RISES',
    ]),
  ]
}

const figure = (value: number): string => numberText(Number(value.toPrecision(3)))

const percent = (share: number): string => `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(1)} %`
