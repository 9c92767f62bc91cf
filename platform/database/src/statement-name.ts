import { createHash } from 'node:crypto'

const names = new WeakMap<object, string>()

/**
 * Returns a name that is unique to the text of the statement. Two versions of TaskFlow may share one session of a
 * pooler, and each must run its own text.
 */
export function statementName(statement: { readonly name: string; readonly text: string }): string {
  let name = names.get(statement)
  if (name === undefined) {
    name = `${statement.name}_${createHash('sha256').update(statement.text).digest('hex').slice(0, 8)}`
    names.set(statement, name)
  }
  return name
}
