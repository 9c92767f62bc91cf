import { median } from '@taskflow/testing/measuring/median'
import { numberText } from '@taskflow/testing/measuring/text-table'
import { ROLES } from '@taskflow/testing/start-taskflow'
import type { DatabaseFigures, TableFigures } from './figures.ts'
import type { Sample } from './sampler.ts'
import type { Measured } from './soak.ts'
import { type Point, type Trend, trendOf } from './trend.ts'

/**
 * A figure that must not rise. It rises when it grows by more than a share of itself and by more than a floor, below
 * which growth is noise. Both the slope over the whole time and the last quarter against the first must show the
 * growth: the slope alone would mistake a step for a rise, and the two quarters alone a wave.
 */
interface Curve {
  readonly name: string
  readonly unit: string
  of(sample: Sample): number | null | undefined
  /** The allowed growth, as a share of the median. */
  readonly mostRise: number
  readonly floor: number
  /** Whether other work on the machine affects it: then only the quieter half of each quarter counts. */
  readonly isMovedByOthers?: boolean
  /**
   * Whether it moves in steps: V8 doubles and halves its space for new objects, by 128 MiB in all. Growth for another
   * reason also exceeds the highest step of the first quarter.
   */
  readonly isStepped?: boolean
}

// A tenth in an hour: with 720,000 tasks and a process of 150 MiB, some 20 bytes a task. A smaller leak cannot be
// distinguished from garbage that V8 has not collected yet.
const MEMORY = { unit: 'MiB', mostRise: 0.1, floor: 8 }
// A vacuum each minute makes the curve a sawtooth. Samples every 15 s hit each tooth four times, so the median is
// stable.
const ROWS = { unit: 'rows', mostRise: 0.25, floor: 1_000 }
const SIZE = { unit: 'MiB', mostRise: 0.1, floor: 1 }
const LATENCY = { unit: 'ms', mostRise: 0.25, isMovedByOthers: true }
const COUNT = { mostRise: 0.05, floor: 2 }

// Tables whose rows are updated all the time, without more rows. Keys, finished tasks and minutes are kept for a day or
// more, and grow by design.
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
  { name: 'start of delayed tasks, p50', ...LATENCY, floor: 5, of: ({ late }) => late.p50 },
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

// Ten minutes of an hour: at two hundred tasks a second, V8's space for new objects may take that long to reach its
// full size.
const WARM_UP_SHARE = 1 / 6

// With fewer samples a quarter covers only moments, and a rise is part of the start.
const FEWEST_SAMPLES = 16

/** Judges every curve; returns no verdict when there are too few samples. */
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
  // A curve that is zero most of the time has no relative slope: only its last quarter counts.
  const isSloping = trend.rise > mostRise || trend.median === 0
  const rises = isSloping && grew(trend.first, trend.last) && (!isStepped || grew(trend.mostOfFirst, trend.mostOfLast))
  // An unmeasured curve must not count as flat.
  const isMeasured = [trend.median, trend.first, trend.last].every(Number.isFinite)
  return { curve: name, unit, ...trend, mostRise, floor, samples: points.length, isFlat: isMeasured && !rises }
}

/** Returns the quieter half of each quarter, so that every part of the time has as many points. */
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
