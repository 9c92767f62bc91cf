import { isUtf8 } from 'node:buffer'
import { malformed, malformedField, step } from './malformed.ts'

/**
 * Reads JSON that a stranger sent. Beyond syntax it refuses what would be lost, or break things,
 * further on: text that is not UTF-8, nesting that would exhaust a stack, characters that PostgreSQL
 * cannot store, numbers that change their value, and the key `__proto__`.
 */
const MAX_DEPTH = 64

// Without any of these there is no NUL, no lone surrogate, no such key, no number that is too large or too long.
const DOUBTFUL = /\\u|__proto__|\d{16}|\d[eE]\+?\d{3}/

// With fewer brackets than this it is not nested too deep, wherever in a body it stands.
const FEW_BRACKETS = MAX_DEPTH - 4

/** Whether a text that `JSON.stringify` made would surely pass. */
export const isPlainJson = (text: string): boolean => !DOUBTFUL.test(text) && hasFewBrackets(text)

function hasFewBrackets(text: string): boolean {
  let count = 0
  for (const bracket of '[{')
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1))
      if (++count > FEW_BRACKETS) return false
  return true
}

export function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw malformed('The body is not valid UTF-8')
  const text = bytes.toString()
  // Before parsing, so that hostile depth costs one pass over the bytes and no stack.
  if (!hasFewBrackets(text) && depthOf(bytes) > MAX_DEPTH)
    throw malformed(`The body is nested deeper than ${MAX_DEPTH} levels`)
  const value = parse(text)
  if (!DOUBTFUL.test(text)) return value
  const flaw = flawOf(value)
  if (flaw) throw malformedField('body', flaw.pointer, flaw.message)
  if (LONG_NUMBER.test(text)) refuseInexactIntegers(text)
  return value
}

/** What a value is once it has travelled as JSON, judged as if a stranger had sent it. Throws as `JSON.stringify` does. */
export const asSent = (value: unknown): unknown => parseJson(Buffer.from(JSON.stringify(value)))

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw malformed(`The body is not JSON: ${(error as SyntaxError).message}`)
  }
}

const [OPEN_OBJECT, OPEN_ARRAY, CLOSE_OBJECT, CLOSE_ARRAY, QUOTE, BACKSLASH] = [...Buffer.from('{[}]"\\')]

/** The deepest nesting of brackets outside strings, or the first depth past the limit. */
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
  /** Built on the way out, so that a sound value costs none. */
  readonly pointer: string
  readonly message: string
}

function flawOf(value: unknown): Flaw | undefined {
  if (typeof value === 'string') return flawOfText(value, 'has')
  if (typeof value === 'number') {
    return Number.isFinite(value) ? undefined : { pointer: '', message: 'is a number too large to keep' }
  }
  if (Array.isArray(value)) return flawOfArray(value)
  return value !== null && typeof value === 'object' ? flawOfObject(value as Record<string, unknown>) : undefined
}

function flawOfText(text: string, verb: string): Flaw | undefined {
  if (text.includes('\0')) return { pointer: '', message: `${verb} a NUL character` }
  if (text.isWellFormed()) return undefined
  return { pointer: '', message: `${verb} a surrogate without its other half` }
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

// Shorter ones are exact.
const LONG_NUMBER = /\d{16}/
const INTEGER = /^-?\d+$/

/** Written again it would be another. What JavaScript wrote is not, though its last digits are only those that it needs. */
const losesDigits = (source: string, value: number): boolean =>
  String(value) !== source && BigInt(source) !== BigInt(value)

/** A second pass, for the rare text with such numbers: an id of 64 bits would silently become another. */
function refuseInexactIntegers(text: string): void {
  const check = (_key: string, value: unknown, { source }: { source?: string }): unknown => {
    if (source !== undefined && INTEGER.test(source) && losesDigits(source, value as number)) {
      throw malformed(
        `The body has the integer ${source.slice(0, 40)}, which loses digits as a number; send it as a string`,
      )
    }
    return value
  }
  JSON.parse(text, check as (key: string, value: unknown) => unknown)
}
