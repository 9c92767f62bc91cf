import { matchesType } from '@taskflow/fleet'

interface Selection<Type> {
  readonly selected: readonly Type[]
  /** Patterns that mean none of the types: most likely a slip. */
  readonly idle: readonly string[]
}

/** Of the types that the modules define, those that the patterns mean; all without patterns. */
export function selectTypes<Type extends { readonly type: string }>(
  defined: readonly Type[],
  patterns: readonly string[] | undefined,
): Selection<Type> {
  if (patterns === undefined) return { selected: defined, idle: [] }
  return {
    selected: defined.filter(({ type }) => patterns.some((pattern) => matchesType(pattern, type))),
    idle: patterns.filter((pattern) => !defined.some(({ type }) => matchesType(pattern, type))),
  }
}
