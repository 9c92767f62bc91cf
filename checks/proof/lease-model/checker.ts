/**
 * A model checker for small models: it visits every state that can be reached, whatever the order in which things happen.
 *
 * Breadth first, so the way to a broken law is a shortest one. States are the same when their keys are; a key may leave out what
 * makes no difference, such as which of two like workers is called A. Kept of each state are its key, the state it was found from and
 * which of that one's steps led to it: a trace is played again from the start.
 *
 * Besides laws, which speak of one step, it checks that the end stays within reach: from every state there is a way to it by
 * helpful steps alone, that is, without one more accident and without the caller's help. A deadlock is such a state with no step at all.
 */
export interface Step<State, Fact> {
  /** What happens, in a sentence. */
  readonly says: string
  readonly to: State
  /** Whether the way to the end may count on it. */
  readonly isHelpful: boolean
  /** What a witness of the step would write down. */
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
  /** The law that the end stays within reach. */
  readonly ending: Pick<Law<State, Fact>, 'promise' | 'sentence'>
  steps(state: State): readonly Step<State, Fact>[]
  key(state: State): string
  isEnd(state: State): boolean
}

export interface Failure {
  readonly promise: string
  readonly sentence: string
  /** What happened from the start on. */
  readonly trace: readonly string[]
}

export interface Exploration {
  readonly states: number
  readonly transitions: number
  /** Steps to the farthest state. */
  readonly depth: number
  readonly failure: Failure | undefined
}

/** Where a state was found: the state before it, and which of its steps. */
interface Origin {
  readonly parents: number[]
  readonly ordinals: number[]
}

const NOWHERE = -1

/** Visits all that can be reached, or all until a law is broken. */
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
        if (broken) return failing(broken, [...traceTo(model, origin, number), step.says])
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
    if (!step) throw new TypeError('The model gives other steps for the same state')
    state = step.to
    return step.says
  })
}

interface Ways {
  readonly from: number[]
  readonly to: number[]
}

/** The first state, in the order of discovery, from which none of the ends can be reached. */
function firstWithout(ends: readonly number[], { from, to }: Ways, count: number): number | undefined {
  // The ways backwards: those into state n stand in `sources` from starts[n] to starts[n + 1].
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
