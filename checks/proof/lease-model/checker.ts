/**
 * Checks small models: visits every reachable state, over every order of steps.
 *
 * The search is breadth first, so the trace to a broken law is a shortest one. Two states are the same when their keys
 * are equal; a key may omit what makes no difference, such as which of two equal workers is called A. The checker keeps
 * for each state its key, the state it was found from and the number of the step that led to it. It replays a trace
 * from the start.
 *
 * A law concerns one step. The checker also checks that the end stays reachable: a path of helpful steps leads to it
 * from every state, that is, a path without another accident and without help from callers. A deadlock is a state
 * without any step.
 */
export interface Step<State, Fact> {
  readonly sentence: string
  readonly to: State
  /** Whether a path to the end may use it. */
  readonly isHelpful: boolean
  /** The record of the step by a witness. */
  readonly fact?: Fact | undefined
}

export interface Law<State, Fact> {
  readonly promise: string
  readonly sentence: string
  isBroken(before: State, after: State, fact: Fact | undefined): boolean
}

export interface Model<State, Fact> {
  readonly start: State
  readonly laws: readonly Law<State, Fact>[]
  /** The law that the end stays reachable. */
  readonly ending: Pick<Law<State, Fact>, 'promise' | 'sentence'>
  steps(state: State): readonly Step<State, Fact>[]
  key(state: State): string
  isEnd(state: State): boolean
}

export interface Failure {
  readonly promise: string
  readonly sentence: string
  /** The sentences of the steps, from the start. */
  readonly trace: readonly string[]
}

export interface Exploration {
  readonly states: number
  readonly transitions: number
  /** The number of steps to the farthest state. */
  readonly depth: number
  readonly failure: Failure | undefined
}

/** The origin of each state: the state before it, and the number of that state's step. */
interface Origin {
  readonly parents: number[]
  readonly ordinals: number[]
}

const NOWHERE = -1

/** Visits all reachable states, or stops at the first broken law. */
export function explore<State, Fact>(model: Model<State, Fact>): Exploration {
  const numbers = new Map([[model.key(model.start), 0]])
  const origin: Origin = { parents: [NOWHERE], ordinals: [NOWHERE] }
  const ways: Ways = { from: [], to: [] }
  const ends: number[] = model.isEnd(model.start) ? [0] : []
  let frontier: State[] = [model.start]
  let expanded = 0
  let transitions = 0
  let depth = 0

  const failing = (law: Pick<Failure, 'promise' | 'sentence'>, trace: readonly string[]): Exploration => ({
    states: numbers.size,
    transitions,
    depth,
    failure: { promise: law.promise, sentence: law.sentence, trace },
  })

  while (frontier.length > 0) {
    const found: State[] = []
    for (const state of frontier) {
      const number = expanded++
      for (const [ordinal, step] of model.steps(state).entries()) {
        transitions++
        const broken = model.laws.find((law) => law.isBroken(state, step.to, step.fact))
        if (broken) return failing(broken, [...traceTo(model, origin, number), step.sentence])
        const key = model.key(step.to)
        let reached = numbers.get(key)
        if (reached === undefined) {
          reached = numbers.size
          numbers.set(key, reached)
          origin.parents.push(number)
          origin.ordinals.push(ordinal)
          found.push(step.to)
          if (model.isEnd(step.to)) ends.push(reached)
        }
        if (step.isHelpful && reached !== number) {
          ways.from.push(number)
          ways.to.push(reached)
        }
      }
    }
    if (found.length > 0) depth++
    frontier = found
  }

  const lost = firstWithout(ends, ways, numbers.size)
  if (lost !== undefined) return failing(model.ending, traceTo(model, origin, lost))
  return { states: numbers.size, transitions, depth, failure: undefined }
}

function traceTo<State, Fact>(model: Model<State, Fact>, { parents, ordinals }: Origin, number: number): string[] {
  const path: number[] = []
  for (let at = number; at > 0; at = parents[at] ?? NOWHERE) path.push(ordinals[at] ?? NOWHERE)
  let state = model.start
  return path.reverse().map((ordinal) => {
    const step = model.steps(state)[ordinal]
    if (!step) throw new TypeError('The model returns different steps for the same state')
    state = step.to
    return step.sentence
  })
}

interface Ways {
  readonly from: number[]
  readonly to: number[]
}

/** The first state, in the order of discovery, from which none of the ends can be reached. */
function firstWithout(ends: readonly number[], { from, to }: Ways, count: number): number | undefined {
  // `sources` holds the states before state n from starts[n] to starts[n + 1].
  const starts = new Uint32Array(count + 1)
  for (const target of to) starts[target + 1] = (starts[target + 1] ?? 0) + 1
  for (let at = 0; at < count; at++) starts[at + 1] = (starts[at + 1] ?? 0) + (starts[at] ?? 0)
  const next = starts.slice()
  const sources = new Uint32Array(to.length)
  to.forEach((target, way) => {
    const place = next[target] ?? 0
    next[target] = place + 1
    sources[place] = from[way] ?? 0
  })

  const isSafe = new Uint8Array(count)
  const waiting = [...ends]
  for (const end of ends) isSafe[end] = 1
  for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
    for (let at = starts[state] ?? 0; at < (starts[state + 1] ?? 0); at++) {
      const source = sources[at] ?? 0
      if (isSafe[source]) continue
      isSafe[source] = 1
      waiting.push(source)
    }
  }
  const lost = isSafe.indexOf(0)
  return lost === -1 ? undefined : lost
}
