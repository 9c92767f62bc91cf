/** Fits text from handlers for storage: PostgreSQL refuses NUL, and nobody reads a megabyte of message. */

const NUL = '\u0000'

export function withoutNul(text: string): string {
  return text.includes(NUL) ? text.replaceAll(NUL, '\uFFFD') : text
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
