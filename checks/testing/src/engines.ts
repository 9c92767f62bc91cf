import { inject } from 'vitest'

/** A database engine that this run's tests are to pass on. Plain data: it travels from the set-up to the test files. */
export type Engine =
  | { readonly kind: 'pglite'; readonly name: string; readonly dumpFile: string }
  | { readonly kind: 'postgres'; readonly name: string; readonly serverUrl: string; readonly template: string }

declare module 'vitest' {
  interface ProvidedContext {
    engines: readonly Engine[]
  }
}

/** PGlite, and in the full run every PostgreSQL that could be had. */
export function engines(): readonly Engine[] {
  return inject('engines')
}
