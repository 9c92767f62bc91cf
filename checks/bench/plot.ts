import { COLOURS, PLOT, writeSvg } from '@taskflow/testing/measuring/plot'
import type { TopLevelSpec } from 'vega-lite'
import type { Result } from './results.ts'
import type { Scenario, Unit } from './scenario.ts'

const BAR_HEIGHT = 22
const WIDTH = 480
const DECADES = [0.1, 1, 10, 100, 1_000, 10_000]

/**
 * Draws a result, a panel for each figure, with a line from the minimum to the maximum of the rounds: rates and sizes
 * as bars, latencies as points on a logarithmic scale, since they differ a thousandfold.
 */
export function writePlot(file: string, scenario: Scenario, result: Result): Promise<void> {
  return writeSvg(file, specOf(scenario, result))
}

export function specOf({ plotted, figures }: Scenario, { contenders, units }: Result): TopLevelSpec {
  const names = plotted ?? Object.keys(figures)
  return {
    ...PLOT,
    spacing: 18,
    vconcat: names.map((figure) => panelOf(figure, units[figure], contenders)),
  }
}

function panelOf(figure: string, unit: Unit | undefined, contenders: Result['contenders']) {
  const values = Object.entries(contenders).flatMap(([title, spreads]) => {
    const spread = spreads[figure]
    return spread ? [{ title, kind: kindOf(title), ...spread }] : []
  })
  const y = {
    field: 'title',
    type: 'nominal',
    sort: null,
    axis: { title: null, labelLimit: 240, labelPadding: 6 },
  } as const
  const isLatency = unit === 'ms'
  const x = {
    field: 'median',
    type: 'quantitative',
    axis: isLatency ? { title: null, format: '~g', values: DECADES } : { title: null, format: ',~r', tickCount: 5 },
    scale: { type: isLatency ? 'log' : 'linear' },
  } as const
  const color = {
    field: 'kind',
    type: 'nominal',
    legend: null,
    scale: { domain: ['own', 'peer', 'limit'], range: [COLOURS.own, COLOURS.peer, COLOURS.limit] },
  } as const
  const spread = {
    mark: { type: 'rule', strokeWidth: 1.5, color: COLOURS.text },
    encoding: { x: { field: 'min', type: 'quantitative' }, x2: { field: 'max' } },
  } as const
  const mark = isLatency
    ? ({ type: 'point', filled: true, size: 90, opacity: 1 } as const)
    : ({ type: 'bar', height: { band: 0.68 } } as const)
  const median = { mark, encoding: { x, color } }
  return {
    title: `${figure}, ${unit}`,
    width: WIDTH,
    height: { step: BAR_HEIGHT },
    data: { values },
    encoding: { y },
    // A bar would hide the line, and the line would hide a point.
    layer: isLatency ? [spread, median] : [median, spread],
  }
}

const kindOf = (title: string): 'own' | 'peer' | 'limit' =>
  title.startsWith('limit') ? 'limit' : title.startsWith('TaskFlow') ? 'own' : 'peer'
