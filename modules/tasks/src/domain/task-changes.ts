import type { NewTask } from './task.ts'

// The fields that a type's defaults or an admitter may set.
const FIELDS = [
  'queue',
  'priority',
  'runAt',
  'delayMs',
  'maxAttempts',
  'retry',
  'timeouts',
  'retentionMs',
  'labels',
  'title',
  'description',
  'options',
] as const satisfies readonly (keyof NewTask)[]

/**
 * The fields of a stored task that differ from what its request alone gives. An idempotency key keeps them, so that a
 * repeated request gets the first reply again.
 */
export type TaskChanges = { readonly [Field in (typeof FIELDS)[number]]?: NewTask[Field] }

/** Returns null if nothing differs. */
export function changesOf(requested: NewTask, stored: NewTask): TaskChanges | null {
  const changed = FIELDS.filter((field) => !isSame(requested[field], stored[field]))
  return changed.length === 0 ? null : Object.fromEntries(changed.map((field) => [field, stored[field]]))
}

/** @param changes as they were kept, as JSON */
export function applyChanges(requested: NewTask, changes: string | null): NewTask {
  if (changes === null) return requested
  const { runAt, ...others } = JSON.parse(changes) as Omit<TaskChanges, 'runAt'> & { readonly runAt?: string | null }
  return { ...requested, ...others, ...(runAt !== undefined && { runAt: runAt === null ? null : new Date(runAt) }) }
}

/** Texts and numbers are compared as they are. Both sides write the fields of an object in the same order. */
const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b))
