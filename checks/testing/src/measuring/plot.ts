import { writeFileSync } from 'node:fs'
import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'

/** Colours of plots. Plots have no background, so each colour is legible on white and on near-black alike. */
export const COLOURS = {
  text: '#737b85',
  own: '#d9730d',
  peer: '#4f7cac',
  limit: '#8c959f',
} as const

/** The common part of all plots; a specification adds its panels. */
export const PLOT = {
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  background: 'transparent',
  padding: 8,
  config: {
    font: 'system-ui, sans-serif',
    view: { stroke: null },
    axis: {
      labelColor: COLOURS.text,
      titleColor: COLOURS.text,
      gridColor: COLOURS.limit,
      gridOpacity: 0.3,
      domain: false,
      ticks: false,
    },
    legend: { labelColor: COLOURS.text, labelLimit: 240, title: null, symbolType: 'stroke' },
    title: { color: COLOURS.text, anchor: 'start' },
  },
} as const

/** Draws a specification into an SVG file. */
export async function writeSvg(file: string, spec: TopLevelSpec): Promise<void> {
  const view = new View(parse(compile(spec).spec), { renderer: 'none' })
  writeFileSync(file, `${await view.toSVG()}\n`)
  view.finalize()
}
