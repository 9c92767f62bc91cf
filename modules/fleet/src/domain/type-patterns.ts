import { isName } from '@taskflow/kernel'

/**
 * Which task types are meant: names, or beginnings of names with a `*` behind, as `report.*`. Says what is wrong
 * with such a list as it is given in the settings, in words that complete a sentence.
 */
export function mistakeInTypes(patterns: readonly string[]): string | undefined {
  const wrong = patterns.find((pattern) => !isName(pattern) && !isBeginning(pattern))
  if (wrong === undefined) return undefined
  return `must be names of task types, or beginnings with a * behind, got ${JSON.stringify(wrong)}`
}

const isBeginning = (pattern: string): boolean =>
  pattern === '*' || (pattern.endsWith('*') && isName(pattern.slice(0, -1)))

export const matchesType = (pattern: string, type: string): boolean =>
  pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern
