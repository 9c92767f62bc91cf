import { everyStatement } from '@taskflow/rooms/every-statement'

/**
 * pg_stat_statements keeps the text of a statement with a parameter in place of each constant. With a mark in place
 * of every constant and parameter its texts and ours are the same.
 */
const shapeOf = (text: string): string =>
  text
    .replaceAll(/--.*$/gm, ' ')
    .replaceAll(/'(?:[^']|'')*'|\$\d+|\b\d+(?:\.\d+)?\b|\b(?:null|true|false)\b/g, '?')
    .replaceAll(/\s+/g, ' ')
    .trim()

const NAMES = new Map(everyStatement.map(({ name, text }) => [shapeOf(text), name]))

/** The name of the file in `storage/src/queries`, in snake case; undefined for what is none of these. */
export const nameOfStatement = (text: string): string | undefined => NAMES.get(shapeOf(text))
