import { matchesType } from '@taskflow/fleet'

interface Selection<Type> {
  readonly selected: readonly Type[]
  /** Patterns that match no type, most likely by mistake. */
  readonly unmatched: readonly string[]
}

/** Selects the types that match one of the patterns, or all types without patterns. */
export function selectTypes<Type extends { readonly type: string }>(
  defined: readonly Type[],
  patterns: readonly string[] | undefined,
): Selection<Type> {
  if (patterns === undefined) return { selected: defined, unmatched: [] }
  return {
    selected: defined.filter(({ type }) => patterns.some((pattern) => matchesType(pattern, type))),
    unmatched: patterns.filter((pattern) => !defined.some(({ type }) => matchesType(pattern, type))),
  }
}
