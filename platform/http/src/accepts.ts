/**
 * Returns whether an `Accept` header allows a media type (RFC 9110, section 12.5.1): the most specific range that matches
 * the type decides, and a quality of zero excludes it. Other qualities only order types, and a route has one to choose.
 */
export function accepts(accept: string, type: string): boolean {
  const [family] = type.split('/')
  const ranges = accept.split(',').map(parseRange)
  for (const range of [type, `${family}/*`, '*/*']) {
    const matching = ranges.filter(({ name }) => name === range)
    if (matching.length > 0) return matching.some(({ isExcluded }) => !isExcluded)
  }
  return false
}

function parseRange(text: string): { name: string; isExcluded: boolean } {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  return { name, isExcluded: parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter)) }
}
