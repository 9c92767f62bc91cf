import fc from 'fast-check'

/** One kind of input from outside, with the properties that must hold for any input. */
export interface Area {
  readonly name: string
  readonly summary: string
  open(): Promise<Fuzzing>
}

export interface Fuzzing {
  /** Tries the inputs of one round. Only the seed determines them, not the rounds before. */
  round(seed: number): Promise<Round>
  close(): Promise<void>
}

export interface Round {
  /** The number of inputs, by kind. */
  readonly tried: Readonly<Record<string, number>>
  readonly failures: readonly Failure[]
}

export interface Failure {
  /** The broken property. */
  readonly what: string
  /** The smallest input found that breaks it. */
  readonly input: string
  readonly sentence: string
}

/** The flaw in the outcome of an input; undefined where there is none. */
export type Complaint = string | undefined

/** The number of inputs and their seed. */
export interface Effort {
  readonly seed: number
  readonly runs: number
  /** Whether to shrink an input that breaks a property, which takes many tries. */
  readonly isShrunk?: boolean
}

interface Property<Input> extends Effort {
  readonly what: string
  readonly input: fc.Arbitrary<Input>
  readonly show?: (input: Input) => string
  complaintOf(input: Input): Complaint | Promise<Complaint>
}

// The input is small enough by then. Later tries count as correct, which ends the search.
const LONGEST_SHRINKING_MS = 20_000

/** Tests a property, and shrinks an input that breaks it. An exception breaks the property too. */
export async function failureOf<Input>(property: Property<Input>): Promise<Failure | undefined> {
  const { what, input, show = shown, seed, runs, isShrunk = true, complaintOf } = property
  let failedAtMs = Number.POSITIVE_INFINITY
  const tested = fc.asyncProperty(input, async (each) => {
    if (performance.now() - failedAtMs > LONGEST_SHRINKING_MS) return
    const complaint = await complaintOf(each)
    if (complaint === undefined) return
    failedAtMs = Math.min(failedAtMs, performance.now())
    throw new Error(complaint)
  })
  const { failed, counterexample, errorInstance } = await fc.check(tested, {
    seed,
    numRuns: runs,
    endOnFailure: !isShrunk,
  })
  if (!failed) return undefined
  const sentence = errorInstance instanceof Error ? errorInstance.message : String(errorInstance)
  return { what, sentence, input: counterexample === null ? '' : show(counterexample[0]) }
}

const LONGEST = 2_000

const shown = (input: unknown): string => {
  const text = fc.stringify(input)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text
}
