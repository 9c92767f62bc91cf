import { COLOURS, PLOT, writeSvg } from '@taskflow/testing/measuring/plot'
import type { TopLevelSpec } from 'vega-lite'
import type { Sample } from './sampler.ts'
import type { Measured } from './soak.ts'

type Lines = Readonly<Record<string, (sample: Sample) => number | null | undefined>>

const LINE_COLOURS: string[] = [COLOURS.own, COLOURS.peer, COLOURS.limit, '#8a63b3']
const WIDTH = 480
const HEIGHT = 90

const PANELS: Readonly<Record<string, Lines>> = {
  'Resident memory, MiB': {
    api: ({ processes }) => processes.api.residentMiB,
    worker: ({ processes }) => processes.worker.residentMiB,
    coordinator: ({ processes }) => processes.coordinator.residentMiB,
    'PostgreSQL, without its buffers': ({ postgres }) => postgres.ownMiB,
  },
  'Old space of the heap, MiB': {
    api: ({ processes }) => processes.api.oldSpaceMiB,
    worker: ({ processes }) => processes.worker.oldSpaceMiB,
    coordinator: ({ processes }) => processes.coordinator.oldSpaceMiB,
  },
  'Rows of `task`': {
    dead: ({ postgres }) => postgres.tables.task?.dead,
    live: ({ postgres }) => postgres.tables.task?.live,
  },
  'Size of `task`, MiB': {
    table: ({ postgres }) => postgres.tables.task?.tableMiB,
    indexes: ({ postgres }) => postgres.tables.task?.indexMiB,
  },
  'Submission over HTTP, ms': { p50: ({ submits }) => submits.p50, p99: ({ submits }) => submits.p99 },
  'From the call to the start of the handler, ms': {
    p50: ({ pickups }) => pickups.p50,
    p99: ({ pickups }) => pickups.p99,
  },
  'Busy share of the machine, %': {
    'other processes': ({ machine }) => machine.others,
    all: ({ machine }) => machine.busy,
  },
}

// A latency is sometimes a hundred times its median.
const isLogarithmic = (title: string): boolean => title.endsWith(', ms')

/** Draws one panel for each kind of curve, over the minutes of the run. */
export function writeCurves(file: string, measured: Pick<Measured, 'samples'>): Promise<void> {
  return writeSvg(file, curvesSpec(measured))
}

function curvesSpec({ samples }: Pick<Measured, 'samples'>): TopLevelSpec {
  return {
    ...PLOT,
    spacing: 14,
    resolve: { scale: { color: 'independent' } },
    vconcat: Object.entries(PANELS).map(([title, lines], index, all) =>
      panelOf({ title, lines, samples, isLast: index === all.length - 1 }),
    ),
  }
}

interface Panel {
  readonly title: string
  readonly lines: Lines
  readonly samples: readonly Sample[]
  readonly isLast: boolean
}

function panelOf({ title, lines, samples, isLast }: Panel) {
  const names = Object.keys(lines)
  const values = samples.flatMap((sample) =>
    names.map((line) => ({ minute: sample.atSeconds / 60, line, value: shown(lines[line]?.(sample)) })),
  )
  function shown(value: number | null | undefined): number | null {
    // A logarithmic scale cannot show zero.
    return value === undefined || value === null || (isLogarithmic(title) && value <= 0) ? null : value
  }

  const scale = isLogarithmic(title) ? ({ type: 'log' } as const) : ({ zero: true } as const)
  return {
    title,
    width: WIDTH,
    height: HEIGHT,
    data: { values },
    mark: { type: 'line', strokeWidth: 1.5 },
    encoding: {
      x: {
        field: 'minute',
        type: 'quantitative',
        axis: { title: isLast ? 'minutes' : null, tickCount: 6, format: ',~r' },
      },
      y: { field: 'value', type: 'quantitative', axis: { title: null, tickCount: 4, format: '~s' }, scale },
      color: { field: 'line', type: 'nominal', sort: null, scale: { domain: names, range: LINE_COLOURS } },
    },
  } as const
}
