import { expect, test } from 'vitest'
import { COLOURS } from './plot.ts'

const LIGHT = '#ffffff'
const DARK = '#0d1117'
// Contrasts that WCAG asks for: of bars and lines, and of text in the size of our labels.
const GRAPHICS = 3
const TEXT = 4

for (const [name, colour] of Object.entries(COLOURS)) {
  test(`the colour ${name} is legible on a light page and on a dark one`, () => {
    const least = Math.min(contrast(colour, LIGHT), contrast(colour, DARK))
    expect(least).toBeGreaterThan(name === 'text' ? TEXT : GRAPHICS)
  })
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
