import { styleText } from 'node:util'
import { type Column, table } from './table.ts'
import { harmless, onOneLine } from './text.ts'

/**
 * What a command says on stdout: aligned text for people, or with `--json` exactly what the API said. Asides
 * (what to do next, progress) go to stderr, so that stdout can be piped on. Colours appear only on a
 * terminal and without NO_COLOR.
 */
export interface Output {
  readonly isJson: boolean
  /** A list: a table, or one JSON array. `empty` says what to do where there is nothing. */
  list<Row>(rows: readonly Row[], columns: readonly Column<Row>[], empty: string): void
  /** One thing: what `show` prints of it, or its JSON. */
  one<Thing>(thing: Thing, show: (thing: Thing) => void): void
  /** One line of NDJSON. */
  ndjson(item: unknown): void
  /** A block of names and values; what has no value is left out. */
  fields(fields: Readonly<Record<string, string | undefined>>): void
  /** A titled block of JSON; left out where there is nothing. */
  value(title: string, value: unknown): void
  line(text?: string): void
  /** Said beside the output, to people only. */
  aside(text: string): void
}

type Format = Parameters<typeof styleText>[0]

export const paint = (format: Format, text: string, stream: NodeJS.WriteStream = process.stdout): string =>
  styleText(format, text, { stream })

export function output({ isJson }: { isJson: boolean }): Output {
  // Piped into a file or another program, nothing is cut.
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

/** `name=value` for each; a value that would not read as one word is quoted. */
export const pairs = (record: Readonly<Record<string, unknown>>): string =>
  Object.entries(record)
    .map(([name, value]) => onOneLine(`${name}=${isWord(value) ? value : JSON.stringify(value)}`))
    .join(' ')

const isWord = (value: unknown): value is string => typeof value === 'string' && /^[^\s"=]+$/.test(value)
