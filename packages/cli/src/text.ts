/**
 * Escape sequences as ECMA-48 has them: strings with their end, control sequences, and the short ones. Nothing in them may be
 * the start of another, so that each is looked through once: `stripVTControlCharacters` of Node.js looks for the end of a
 * string in all that follows, and for that of the next one again.
 */
const SEQUENCES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to go.
  /\u001b[\]PX^_][^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b[ -/]*[0-~]/g

/**
 * Text that came from elsewhere (titles, log lines, error messages), safe to print: without the escape
 * sequences by which it could repaint the terminal or forge other lines.
 */
export function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to go.
  return text.replace(SEQUENCES, '').replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, ' ')
}

/** Line by line, since a pattern with blanks on both sides of a break takes the square of a long run of blanks. */
export function onOneLine(text: string): string {
  const lines = harmless(text).split('\n')
  const last = lines.length - 1
  const joined = lines.map((line, index) => {
    const begun = index === 0 ? line : line.trimStart()
    return index === last ? begun : begun.trimEnd()
  })
  // Blank lines are part of the break they stand in.
  return joined.filter((line, index) => line !== '' || index === 0 || index === last).join(' ')
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const NO_WIDTH = /\p{Mark}/u

/** Columns that a text takes on a terminal. */
export function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += widthOfOne(character)
  return width
}

const widthOfOne = (character: string): number => (WIDE.test(character) ? 2 : NO_WIDTH.test(character) ? 0 : 1)

/** Cuts what does not cutTo, and says so with an ellipsis. */
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
