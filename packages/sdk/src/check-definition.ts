/**
 * The rules of a task definition, with a message for each. TypeScript cannot express all of them, and a task module may
 * be JavaScript.
 */

// The longest duration that the API accepts. Times much further away do not fit into a Date.
export const MAX_DURATION_MS = 315_360_000_000
const TYPE = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/

type Fields = Readonly<Record<string, unknown>>
type Rule = readonly [isKept: (value: unknown) => boolean, expectation: string]

const integerFrom = (least: number): Rule => [
  (value) => Number.isSafeInteger(value) && (value as number) >= least,
  `an integer from ${least}`,
]
const durationFrom = (least: number): Rule => [
  (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= MAX_DURATION_MS,
  `an integer from ${least} to ${MAX_DURATION_MS} (ten years)`,
]
const numberFrom = (least: number): Rule => [
  (value) => typeof value === 'number' && Number.isFinite(value) && value >= least,
  `a number from ${least}`,
]
const oneOf = (...values: readonly string[]): Rule => [
  (value) => values.includes(value as string),
  `one of ${values.join(', ')}`,
]
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null
const name: Rule = [
  (value) => typeof value === 'string' && TYPE.test(value),
  'a name of 1 to 128 letters, digits, `.`, `_`, `:` or `-` that begins with a letter or digit',
]
const record: Rule = [isObject, 'an object']

const RULES: Readonly<Record<string, Rule>> = {
  type: name,
  run: [(value) => typeof value === 'function', 'a function'],
  queue: name,
  input: [
    (value) => (isObject(value) || typeof value === 'function') && '~standard' in (value as object),
    'a schema of a Standard Schema library',
  ],
  maxAttempts: integerFrom(1),
  isolation: oneOf('thread', 'process'),
  priority: oneOf('critical', 'high', 'normal', 'low'),
  retry: record,
  timeouts: record,
}
const RETRY_RULES: Readonly<Record<string, Rule>> = {
  baseMs: durationFrom(0),
  factor: numberFrom(1),
  maxMs: durationFrom(0),
  jitter: oneOf('full', 'none'),
}
const TIMEOUT_RULES: Readonly<Record<string, Rule>> = {
  scheduleToStartMs: durationFrom(1),
  startToCloseMs: durationFrom(1),
  scheduleToCloseMs: durationFrom(1),
  heartbeatMs: durationFrom(1),
}

/** Throws a TypeError that names the first wrong field and what was expected. */
export function checkDefinition(options: unknown): void {
  if (!isObject(options)) throw new TypeError('Expected an object that describes a task')
  const type = typeof options.type === 'string' ? `task \`${options.type}\`` : 'a task'
  check({ type: undefined, run: undefined, ...options }, RULES, '', type, ['type', 'run'])
  if (options.retry !== undefined) check(options.retry as Fields, RETRY_RULES, 'retry.', type)
  if (options.timeouts !== undefined) check(options.timeouts as Fields, TIMEOUT_RULES, 'timeouts.', type)
}

function check(
  fields: Fields,
  rules: Readonly<Record<string, Rule>>,
  path: string,
  type: string,
  required: readonly string[] = [],
): void {
  for (const [key, value] of Object.entries(fields)) {
    const rule = rules[key]
    if (!rule)
      throw new TypeError(`Unknown field \`${path}${key}\` of ${type}; the fields are ${Object.keys(rules).join(', ')}`)
    if (value === undefined && !required.includes(key)) continue
    const [isKept, expectation] = rule
    if (!isKept(value))
      throw new TypeError(`Expected \`${path}${key}\` of ${type} to be ${expectation}, got ${show(value)}`)
  }
}

function show(value: unknown): string {
  return typeof value === 'object' || typeof value === 'string' ? JSON.stringify(value) : String(value)
}
