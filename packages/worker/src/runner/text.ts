/**
 * Fits text from handlers for storage: PostgreSQL refuses NUL, cannot read half a surrogate pair out of JSON (an emoji
 * cut in two, say), and nobody reads a megabyte of message.
 */

const NUL = '\u0000'

/** Puts the replacement character in the place of what cannot be stored. */
export function storable(text: string): string {
  return (text.includes(NUL) ? text.replaceAll(NUL, '\uFFFD') : text).toWellFormed()
}

/** The same for the lone surrogates in JSON text, which `JSON.stringify` writes as escapes, and only them. */
export function storableJson(json: string): string {
  return json.includes('\\ud') ? json.replace(/(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g, '$1\uFFFD') : json
}

/** Cuts to a number of bytes of UTF-8, marking the cut. */
export function clip(text: string, maxBytes: number): string {
  // No UTF-16 unit takes more than three bytes, so short texts need no counting.
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes - 3))
  return `${text.slice(0, read)}…`
}

/** Whether JSON text holds the escape of NUL, and not an escaped backslash before `u0000`. */
export function holdsNul(json: string): boolean {
  return json.includes('\\u0000') && /(?<!\\)(?:\\\\)*\\u0000/.test(json)
}
