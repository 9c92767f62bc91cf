import { nullable } from '@taskflow/validation'
import { type Static, type TOptional, type TSchema, Type } from 'typebox'
import type { TaskTypeDefaults } from './task-type.ts'

/**
 * The rarely used options of a task. Each is defined here and nowhere else: the fields of a submission, the stored task
 * and the views of the API follow from this table, and all options share one column, `options`, which is null for a
 * task that uses none.
 *
 * An option gets a column of its own only where an index or a hot statement reads it (`waiting_gate`, `linked`).
 */
export interface TaskOption<Schema extends TSchema = TSchema> {
  /** The values that a caller may give; the API shows the same, or null. */
  readonly schema: Schema
  /** The value of a task whose caller gave none, by what workers announced of its type. */
  readonly defaultOf?: (type: TaskTypeDefaults) => Static<Schema> | null
}

export type TaskOptionTable = Readonly<Record<string, TaskOption>>

export const TASK_OPTIONS = {} as const satisfies TaskOptionTable

type Table = typeof TASK_OPTIONS

/** The options of a task, as a caller gives them and as they are stored: absent means not used. */
export type TaskOptions = { readonly [Name in keyof Table]?: OptionValue<Table[Name]> } & {
  /** The caller named the number of attempts, and it equals the general default. Not shown. */
  readonly maxAttemptsGiven?: true
}

/** The options of a task as the API shows them: each of them, null where not used. */
export type TaskOptionsView = { readonly [Name in keyof Table]: OptionValue<Table[Name]> | null }

type OptionValue<Option> = Option extends TaskOption<infer Schema> ? Static<Schema> : never

type Values = Readonly<Record<string, unknown>>

/** Picks the options out of a request, and completes them by those of the type. Null where none is used. */
export function optionsOf(
  request: object,
  known: TaskTypeDefaults | undefined,
  table: TaskOptionTable = TASK_OPTIONS,
): TaskOptions | null {
  let options: Record<string, unknown> | null = null
  for (const name in table) {
    const value = (request as Values)[name] ?? (known && table[name]?.defaultOf?.(known)) ?? null
    if (value === null) continue
    options ??= {}
    options[name] = value
  }
  return options as TaskOptions | null
}

/** Every option of the table by name, null where the task does not use it. */
export function optionsView(options: TaskOptions | null, table: TaskOptionTable = TASK_OPTIONS): TaskOptionsView {
  const view: Record<string, unknown> = {}
  for (const name in table) view[name] = (options as Values | null)?.[name] ?? null
  return view as TaskOptionsView
}

type SchemaOf<Option> = Option extends TaskOption<infer Schema> ? Schema : never

/** The options as fields of a request: each may be left out. */
export const optionFields = (table: TaskOptionTable = TASK_OPTIONS) =>
  schemasOf(table, Type.Optional) as { readonly [Name in keyof Table]: TOptional<SchemaOf<Table[Name]>> }

/** The options as fields of a task that is shown: each is there, and null where not used. */
export const optionViews = (table: TaskOptionTable = TASK_OPTIONS) =>
  schemasOf(table, nullable) as {
    readonly [Name in keyof Table]: ReturnType<typeof nullable<SchemaOf<Table[Name]>>>
  }

const schemasOf = (table: TaskOptionTable, make: (schema: TSchema) => TSchema): Readonly<Record<string, TSchema>> =>
  Object.fromEntries(Object.entries(table).map(([name, { schema }]) => [name, make(schema)]))
