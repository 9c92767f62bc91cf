/**
 * The escape sequences of ECMA-48: strings with their terminator, control sequences, and short sequences. No sequence
 * may contain the start of another, so the pattern scans a text once. `stripVTControlCharacters` of Node.js takes
 * quadratic time: for each string it searches the whole rest of the text for a terminator.
 */
const SEQUENCES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern removes them.
  /\u001b[\]PX^_][^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b[ -/]*[0-~]/g

/**
 * Makes text of others (titles, log lines, error messages) safe to print: removes the escape sequences that could
 * repaint the terminal or imitate other lines.
 */
export function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern removes them.
  return text.replace(SEQUENCES, '').replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, ' ')
}

/**
 * Joins the lines of a text with single spaces. The function splits the text first, because a pattern with spaces on
 * both sides of a line break takes quadratic time on a long run of spaces.
 */
export function onOneLine(text: string): string {
  const lines = harmless(text).split('\n')
  const last = lines.length - 1
  const joined = lines.map((line, index) => {
    const begun = index === 0 ? line : line.trimStart()
    return index === last ? begun : begun.trimEnd()
  })
  // A blank line belongs to the line break around it.
  return joined.filter((line, index) => line !== '' || index === 0 || index === last).join(' ')
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const NO_WIDTH = /\p{Mark}/u

/** Returns the number of terminal columns that a text fills. */
export function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += widthOfOne(character)
  return width
}

const widthOfOne = (character: string): number => (WIDE.test(character) ? 2 : NO_WIDTH.test(character) ? 0 : 1)

/** Cuts a text to a width and marks the cut with an ellipsis. */
export function cutTo(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  let keptWidth = 0
  for (const character of text) {
    keptWidth += widthOfOne(character)
    if (keptWidth > width - 1) break
    kept += character
  }
  return `${kept}…`
}

export const padTo = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))
