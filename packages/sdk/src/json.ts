/** The deepest nesting of arrays and objects in a value, as in the body of a request. */
export const MAX_JSON_DEPTH = 64

/** The part of a value that JSON would lose. */
interface Loss {
  /** Built while the recursion returns, so that a valid value costs nothing. */
  readonly path: string
  readonly reason: string
}

/**
 * Writes a value as JSON, which `JSON.stringify` alone would do at the price of losing some values in silence: a Map, a
 * Set, an Error or a Response become `{}`, NaN becomes null, a function disappears. Fields that are undefined are left
 * out, and undefined items of an array become null, as usual.
 *
 *     writeJson({ tags: new Set() }, 'The result')
 *     // TypeError: The result cannot be stored as JSON: `.tags` is a Set, which JSON writes as {}: convert it to ...
 *
 * @param what begins the message of the error
 * @throws TypeError that names the place and the kind of a value that JSON does not hold, of nesting deeper than 64
 * levels, or of a value that cannot be read
 */
export function writeJson(value: unknown, what: string): string {
  checkJson(value, what)
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw unreadable(what, error)
  }
  // A proxy or a getter may give another value the second time.
  if (text === undefined || nestsTooDeep(text)) throw new TypeError(`${what} cannot be stored as JSON: ${TOO_DEEP}`)
  return text
}

/** Checks a value that is written later, without the cost of writing it. Throws as `writeJson` does. */
export function checkJson(value: unknown, what: string): void {
  let loss: Loss | undefined
  try {
    loss = lossIn(value, 0)
  } catch (error) {
    throw unreadable(what, error)
  }
  if (loss) throw new TypeError(`${what} cannot be stored as JSON: ${where(loss.path)} ${loss.reason}`)
}

const unreadable = (what: string, error: unknown): TypeError =>
  new TypeError(`${what} cannot be stored as JSON: reading it throws ${describe(error)}`)

const TOO_DEEP = `it is nested deeper than ${MAX_JSON_DEPTH} levels, or contains itself`

const LONG_PATH = 100

const where = (path: string): string =>
  path === '' ? 'it' : `\`${path.length > LONG_PATH ? `${path.slice(0, LONG_PATH)}…` : path}\``

function lossIn(value: unknown, depth: number): Loss | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? undefined : lossOf(`is ${value}, which JSON writes as null`)
    case 'bigint':
      return lossOf('is a BigInt, which JSON does not hold: convert it to a string')
    case 'function':
    case 'symbol':
      return lossOf(`is a ${typeof value}, which JSON leaves out`)
    case 'object':
      return value === null ? undefined : lossInObject(value, depth)
    default:
      return undefined
  }
}

function lossInObject(value: object, depth: number): Loss | undefined {
  if (depth === MAX_JSON_DEPTH) return lossOf(`is nested deeper than ${MAX_JSON_DEPTH} levels, or contains itself`)
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function') return lossInConverted(value, toJSON as (key: string) => unknown, depth)
  if (Array.isArray(value)) return lossInArray(value, depth)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    const reason = reasonOf(value)
    if (reason !== undefined) return lossOf(reason)
  }
  for (const key of Object.keys(value)) {
    const loss = lossIn((value as Record<string, unknown>)[key], depth + 1)
    if (loss) return { ...loss, path: step(key) + loss.path }
  }
  return undefined
}

function lossInConverted(value: object, toJSON: (key: string) => unknown, depth: number): Loss | undefined {
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? lossOf('is an invalid Date, which JSON writes as null') : undefined
  const converted: unknown = toJSON.call(value, '')
  return converted === value ? lossOf('converts itself to itself') : lossIn(converted, depth + 1)
}

function lossInArray(items: readonly unknown[], depth: number): Loss | undefined {
  for (let index = 0; index < items.length; index++) {
    const loss = lossIn(items[index], depth + 1)
    if (loss) return { ...loss, path: `[${index}]${loss.path}` }
  }
  return undefined
}

// Objects that JSON writes as what they contain.
const HELD = new Set(['Object', 'Array', 'Number', 'String', 'Boolean', 'Arguments', 'Module'])

/** Says why JSON does not hold an object itself; undefined for one whose fields it holds. */
export function reasonOf(value: object): string | undefined {
  const { then, pipe } = value as { then?: unknown; pipe?: unknown }
  if (typeof then === 'function') return 'is a promise: await it'
  if (value instanceof Error) return 'is an Error, which JSON writes as {}: use its message'
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1)
  if (!HELD.has(kind)) return `is a ${kind}, which JSON writes as {}: convert it to an array, an object or a string`
  return typeof pipe === 'function' ? 'is a stream: read it first' : undefined
}

const lossOf = (reason: string): Loss => ({ path: '', reason })

const step = (key: string): string => (/^[\w$]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`)

/** A text with few brackets cannot nest too deep, so most texts need no further look. */
export function nestsTooDeep(text: string): boolean {
  let count = 0
  for (const bracket of '[{')
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1))
      if (++count > MAX_JSON_DEPTH) return depthOf(text) > MAX_JSON_DEPTH
  return false
}

function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let isInString = false
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (isInString) {
      if (character === '\\') index++
      else if (character === '"') isInString = false
    } else if (character === '"') isInString = true
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth)
    else if (character === '}' || character === ']') depth--
  }
  return deepest
}

/** The thrown value may be hostile too. */
function describe(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  } catch {
    return 'an error that cannot be read'
  }
}
