import { isName, TaskFlowError } from '@taskflow/kernel'

/** A queue that a worker takes from. */
export interface QueueShare {
  readonly queue: string
  /** Its chances against the others, from 1 to 1,000; undefined where none is given, which counts as 1. */
  readonly weight: number | undefined
}

const MAX_WEIGHT = 1_000
const WHOLE = /^\d{1,4}$/

/** What is wrong with queues as they are given in the settings, in words that complete a sentence. */
export function mistakeInQueues(given: readonly string[]): string | undefined {
  const shares = given.map(splitShare)
  const nameless = shares.findIndex(({ queue }) => !isName(queue))
  if (nameless >= 0)
    return `must name queues by letters, digits and \`. _ : -\`, got ${JSON.stringify(given[nameless])}`
  const weightless = shares.findIndex(({ weight }) => weight !== undefined && !isWeight(weight))
  if (weightless >= 0)
    return `must give weights as whole numbers from 1 to ${MAX_WEIGHT}, got ${JSON.stringify(given[weightless])}`
  const names = shares.map(({ queue }) => queue)
  const doubled = names.find((name, index) => names.indexOf(name) !== index)
  return doubled === undefined ? undefined : `must name each queue once, got ${JSON.stringify(doubled)} twice`
}

/** Reads `name` or `name=weight`. Throws SETTINGS_INVALID. */
export function parseQueues(given: readonly string[]): QueueShare[] {
  const mistake = mistakeInQueues(given)
  if (mistake !== undefined) throw new TaskFlowError('SETTINGS_INVALID', `Setting queues ${mistake}`)
  return given.map(splitShare).map(({ queue, weight }) => ({
    queue,
    weight: weight === undefined ? undefined : Number(weight),
  }))
}

function splitShare(given: string): { queue: string; weight: string | undefined } {
  const [queue = '', ...rest] = given.split('=')
  return { queue, weight: rest.length === 0 ? undefined : rest.join('=') }
}

const isWeight = (text: string): boolean => WHOLE.test(text) && Number(text) >= 1 && Number(text) <= MAX_WEIGHT

/**
 * An order of the queues, drawn by their weights: each place goes to one of the queues left over, with the
 * chances of its weight against theirs (Efraimidis and Spirakis, "Weighted random sampling with a reservoir").
 * So a queue that is always full comes first as often as its weight says, and no more often.
 *
 * @param random uniform in [0, 1)
 */
export function drawQueues(shares: readonly QueueShare[], random: () => number): string[] {
  // The logarithm of u^(1/w), which for small weights would be rounded to zero. It is negative.
  const drawn = shares.map(({ queue, weight = 1 }) => ({ queue, key: Math.log(1 - random()) / weight }))
  return drawn.sort((a, b) => b.key - a.key).map(({ queue }) => queue)
}
