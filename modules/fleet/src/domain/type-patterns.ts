import { isName } from '@taskflow/kernel'

/**
 * Describes what is wrong with the task types in the settings, as the end of a sentence; undefined when they are valid.
 * An entry is the name of a type, or a prefix followed by `*`, such as `report.*`.
 */
export function mistakeInTypes(patterns: readonly string[]): string | undefined {
  const wrong = patterns.find((pattern) => !isName(pattern) && !isPrefix(pattern))
  if (wrong === undefined) return undefined
  return `must be names of task types, or prefixes followed by *, got ${JSON.stringify(wrong)}`
}

const isPrefix = (pattern: string): boolean =>
  pattern === '*' || (pattern.endsWith('*') && isName(pattern.slice(0, -1)))

/** Returns whether the pattern, a name or a prefix followed by `*`, matches the task type. */
export const matchesType = (pattern: string, type: string): boolean =>
  pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern
