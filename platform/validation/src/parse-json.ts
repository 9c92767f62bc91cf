import { isUtf8 } from 'node:buffer'
import { malformed, malformedField, step } from './malformed.ts'

/**
 * Parses JSON from an untrusted source. Rejects, besides wrong syntax, what would be lost or cause failures later: text
 * that is not UTF-8, nesting that would exhaust the stack, characters that PostgreSQL cannot store, integers that would
 * lose digits, and the key `__proto__`.
 */
const MAX_DEPTH = 64

// A text without a match cannot have a NUL, a lone surrogate, the key `__proto__`, or a number too large or too long.
const SUSPICIOUS = /\\u|__proto__|\d{16}|\d[eE]\+?\d{3}/

// A value with fewer brackets cannot be nested too deep, even inside the body of a request.
const FEW_BRACKETS = MAX_DEPTH - 4

/** Returns whether a text made by `JSON.stringify` is certain to pass `parseJson`. */
export const isPlainJson = (text: string): boolean => !SUSPICIOUS.test(text) && hasFewBrackets(text)

function hasFewBrackets(text: string): boolean {
  let count = 0
  for (const bracket of '[{')
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1))
      if (++count > FEW_BRACKETS) return false
  return true
}

/** @throws REQUEST_MALFORMED with a message that names the flaw */
export function parseJson(encoded: Buffer): unknown {
  const bytes = withoutMark(encoded)
  if (!isUtf8(bytes)) throw malformed(hasUtf16Mark(bytes) ? UTF16 : 'The body is not valid UTF-8')
  const text = bytes.toString()
  // Checked before parsing, so that hostile nesting costs one pass over the bytes and no stack.
  if (!hasFewBrackets(text) && depthOf(bytes) > MAX_DEPTH)
    throw malformed(`The body is nested deeper than ${MAX_DEPTH} levels`)
  const value = parse(text)
  if (!SUSPICIOUS.test(text)) return value
  const flaw = flawOf(value)
  if (flaw) throw malformedField('body', flaw.pointer, flaw.message)
  if (LONG_NUMBER.test(text)) refuseInexactIntegers(text)
  return value
}

/**
 * Returns a value as the server would receive it over HTTP, with the same checks. Throws what `JSON.stringify` throws.
 */
export const asSent = (value: unknown): unknown => parseJson(Buffer.from(JSON.stringify(value)))

const UTF16 = 'The body is in UTF-16: send it in UTF-8'

const hasUtf16Mark = ([first, second]: Buffer): boolean =>
  (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)

/** Removes the byte order mark that editors and shells of Windows put first (RFC 8259 allows to ignore it). */
export const withoutMark = (bytes: Buffer): Buffer =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw malformed(`The body is not JSON: ${(error as SyntaxError).message}`)
  }
}

const [OPEN_OBJECT, OPEN_ARRAY, CLOSE_OBJECT, CLOSE_ARRAY, QUOTE, BACKSLASH] = [...Buffer.from('{[}]"\\')]

/** Returns the maximum nesting of brackets outside strings, or stops at the first depth beyond the limit. */
function depthOf(bytes: Buffer): number {
  let depth = 0
  let deepest = 0
  let isInString = false
  for (let index = 0; index < bytes.length && deepest <= MAX_DEPTH; index++) {
    const byte = bytes[index]
    if (isInString) {
      if (byte === BACKSLASH) index++
      else if (byte === QUOTE) isInString = false
    } else if (byte === QUOTE) isInString = true
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) deepest = Math.max(deepest, ++depth)
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth--
  }
  return deepest
}

interface Flaw {
  /** Built while the recursion returns, so that a valid value costs nothing. */
  readonly pointer: string
  readonly message: string
}

function flawOf(value: unknown): Flaw | undefined {
  if (typeof value === 'string') return flawOfText(value, 'has')
  if (typeof value === 'number') {
    return Number.isFinite(value) ? undefined : { pointer: '', message: 'is a number that is too large to store' }
  }
  if (Array.isArray(value)) return flawOfArray(value)
  return value !== null && typeof value === 'object' ? flawOfObject(value as Record<string, unknown>) : undefined
}

function flawOfText(text: string, verb: string): Flaw | undefined {
  if (text.includes('\0')) return { pointer: '', message: `${verb} a NUL character` }
  if (text.isWellFormed()) return undefined
  return { pointer: '', message: `${verb} an unpaired surrogate` }
}

function flawOfArray(items: readonly unknown[]): Flaw | undefined {
  for (const [index, item] of items.entries()) {
    const flaw = flawOf(item)
    if (flaw) return { ...flaw, pointer: step(index) + flaw.pointer }
  }
  return undefined
}

function flawOfObject(object: Readonly<Record<string, unknown>>): Flaw | undefined {
  for (const key of Object.keys(object)) {
    const flaw =
      key === '__proto__'
        ? { pointer: '', message: 'has a name that is not allowed' }
        : (flawOfText(key, 'has a name with') ?? flawOf(object[key]))
    if (flaw) return { ...flaw, pointer: step(key.toWellFormed()) + flaw.pointer }
  }
  return undefined
}

// Shorter integers are exact.
const LONG_NUMBER = /\d{16}/
const INTEGER = /^-?\d+$/

// A number as JavaScript prints it is exact, even if its value as a big integer differs in the last digits.
const losesDigits = (source: string, value: number): boolean =>
  String(value) !== source && BigInt(source) !== BigInt(value)

/** Parses the text a second time, because a long integer such as a 64-bit id would silently lose digits. */
function refuseInexactIntegers(text: string): void {
  const check = (_key: string, value: unknown, { source }: { source?: string }): unknown => {
    if (source !== undefined && INTEGER.test(source) && losesDigits(source, value as number)) {
      throw malformed(
        `The body has the integer ${source.slice(0, 40)}, which loses digits as a JSON number: send it as a string`,
      )
    }
    return value
  }
  JSON.parse(text, check as (key: string, value: unknown) => unknown)
}
