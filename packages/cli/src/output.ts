import { styleText } from 'node:util'
import { type Column, table } from './table.ts'
import { harmless, onOneLine } from './text.ts'

/**
 * Prints the results of a command on stdout: aligned text, or with `--json` exactly the reply of the API. Asides (the
 * next step, progress) go to stderr, so that stdout can be piped. Colours appear only on a terminal, unless NO_COLOR is
 * set.
 */
export interface Output {
  readonly isJson: boolean
  /** Prints a list: a table or one JSON array. For an empty list, prints the text `empty` instead of a table. */
  list<Row>(rows: readonly Row[], columns: readonly Column<Row>[], empty: string): void
  /** Prints one object: calls `show`, or prints its JSON. */
  one<Thing>(thing: Thing, show: (thing: Thing) => void): void
  /** Prints one line of NDJSON. */
  ndjson(item: unknown): void
  /** Prints a block of names and values. Leaves out fields without a value. */
  fields(fields: Readonly<Record<string, string | undefined>>): void
  /** Prints a JSON value under a title. Prints nothing for null or undefined. */
  value(title: string, value: unknown): void
  line(text?: string): void
  /** Prints a line to stderr, unless the output is JSON. */
  aside(text: string): void
}

type Format = Parameters<typeof styleText>[0]

export const paint = (format: Format, text: string, stream: NodeJS.WriteStream = process.stdout): string =>
  styleText(format, text, { stream })

export function output({ isJson }: { isJson: boolean }): Output {
  // Output to a file or to another program is never cut.
  const width = process.stdout.columns ?? Number.POSITIVE_INFINITY
  const line = (text = '') => void process.stdout.write(`${text}\n`)
  const json = (value: unknown) => line(JSON.stringify(value, null, 2))

  return {
    isJson,
    list(rows, columns, empty) {
      if (isJson) json(rows)
      else if (rows.length === 0) line(empty)
      else for (const each of table(rows, columns, { width, paintTitle: (title) => paint('dim', title) })) line(each)
    },
    one(thing, show) {
      if (isJson) json(thing)
      else show(thing)
    },
    ndjson: (item) => line(JSON.stringify(item)),
    fields(fields) {
      const given = Object.entries(fields).filter((entry): entry is [string, string] => Boolean(entry[1]))
      const nameWidth = Math.max(...given.map(([name]) => name.length))
      for (const [name, value] of given) line(`  ${paint('dim', name.padEnd(nameWidth))}  ${value}`)
    },
    value(title, value) {
      if (value === null || value === undefined) return
      line()
      line(paint('dim', title))
      line(indented(JSON.stringify(value, null, 2)))
    },
    line,
    aside: (text) => void (isJson || process.stderr.write(`${text}\n`)),
  }
}

export const indented = (text: string): string => harmless(text).replace(/^/gm, '  ')

/** Returns `name=value` for each field. A value that is not a single word is quoted. */
export const pairs = (record: Readonly<Record<string, unknown>>): string =>
  Object.entries(record)
    .map(([name, value]) => onOneLine(`${name}=${isWord(value) ? value : JSON.stringify(value)}`))
    .join(' ')

const isWord = (value: unknown): value is string => typeof value === 'string' && /^[^\s"=]+$/.test(value)
