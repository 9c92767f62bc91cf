/**
 * Makes text from handlers storable: PostgreSQL refuses NUL, and cannot read half of a surrogate pair (an emoji that
 * was cut, for example) from JSON. Long text is cut.
 */

const NUL = '\u0000'

/** Replaces what cannot be stored by the replacement character. */
export function storable(text: string): string {
  return (text.includes(NUL) ? text.replaceAll(NUL, '\uFFFD') : text).toWellFormed()
}

/** Replaces lone surrogates in JSON text, which `JSON.stringify` writes as escapes, by the replacement character. */
export function storableJson(json: string): string {
  return json.includes('\\ud') ? json.replace(/(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g, '$1\uFFFD') : json
}

/** Cuts text to a number of bytes of UTF-8, and marks the cut. */
export function clip(text: string, maxBytes: number): string {
  // A UTF-16 unit takes at most three bytes, so that short text needs no counting.
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes - 3))
  return `${text.slice(0, read)}…`
}

/** Whether JSON text contains the escape of NUL, as opposed to an escaped backslash before `u0000`. */
export function holdsNul(json: string): boolean {
  return json.includes('\\u0000') && /(?<!\\)(?:\\\\)*\\u0000/.test(json)
}
