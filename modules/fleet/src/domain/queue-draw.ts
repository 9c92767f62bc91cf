import { isName, TaskFlowError } from '@taskflow/kernel'

/** A queue that a worker serves. */
export interface QueueShare {
  readonly queue: string
  /** How often the queue comes first, relative to the others: from 1 to 1,000; undefined counts as 1. */
  readonly weight: number | undefined
}

const MAX_WEIGHT = 1_000
const WHOLE = /^\d{1,4}$/

/** Describes what is wrong with the queues in the settings, as the end of a sentence; undefined when they are valid. */
export function mistakeInQueues(given: readonly string[]): string | undefined {
  const shares = given.map(splitShare)
  const nameless = shares.findIndex(({ queue }) => !isName(queue))
  if (nameless >= 0)
    return `must name queues with letters, digits and \`. _ : -\`, got ${JSON.stringify(given[nameless])}`
  const weightless = shares.findIndex(({ weight }) => weight !== undefined && !isWeight(weight))
  if (weightless >= 0)
    return `must give weights as whole numbers from 1 to ${MAX_WEIGHT}, got ${JSON.stringify(given[weightless])}`
  const names = shares.map(({ queue }) => queue)
  const doubled = names.find((name, index) => names.indexOf(name) !== index)
  return doubled === undefined ? undefined : `must name each queue once, got ${JSON.stringify(doubled)} twice`
}

/** Parses entries of the form `name` or `name=weight`. Throws SETTINGS_INVALID when an entry is malformed or repeated. */
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
 * Draws a random order of the queues by their weights: each place goes to one of the remaining queues, with a
 * probability proportional to its weight (Efraimidis and Spirakis, "Weighted random sampling with a reservoir"). A queue
 * that is always full therefore comes first as often as its weight says, and no more often.
 *
 * @param random uniform in [0, 1)
 */
export function drawQueues(shares: readonly QueueShare[], random: () => number): string[] {
  // The logarithm of u^(1/weight): it gives the same order without the rounding errors of the power.
  const drawn = shares.map(({ queue, weight = 1 }) => ({ queue, key: Math.log(1 - random()) / weight }))
  return drawn.sort((a, b) => b.key - a.key).map(({ queue }) => queue)
}
