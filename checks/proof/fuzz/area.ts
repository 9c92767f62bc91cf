import fc from 'fast-check'

/** One part of what strangers can send, with what must hold whatever they send. */
export interface Area {
  readonly name: string
  readonly summary: string
  open(): Promise<Fuzzing>
}

export interface Fuzzing {
  /** Tries as many inputs as make a round, all decided by the seed and none by the round before. */
  round(seed: number): Promise<Round>
  close(): Promise<void>
}

export interface Round {
  /** How many inputs were tried, by kind. */
  readonly tried: Readonly<Record<string, number>>
  readonly failures: readonly Failure[]
}

export interface Failure {
  /** The property that does not hold. */
  readonly what: string
  /** The smallest input found that breaks it. */
  readonly input: string
  readonly sentence: string
}

/** What is wrong with what an input led to; undefined where nothing is. */
export type Complaint = string | undefined

/** How many inputs, and which. */
export interface Effort {
  readonly seed: number
  readonly runs: number
  /** Whether an input that breaks a property is made smaller; it takes many tries. */
  readonly isShrunk?: boolean
}

interface Property<Input> extends Effort {
  readonly what: string
  readonly input: fc.Arbitrary<Input>
  readonly show?: (input: Input) => string
  complaintOf(input: Input): Complaint | Promise<Complaint>
}

// Small enough by then. What is tried after that counts as right, and the search ends.
const LONGEST_SHRINKING_MS = 20_000

/** Tries a property; where it does not hold, makes the input as small as it goes. Throwing is no answer either. */
export async function failureOf<Input>(property: Property<Input>): Promise<Failure | undefined> {
  const { what, input, show = shown, seed, runs, isShrunk = true, complaintOf } = property
  let failedAtMs = Number.POSITIVE_INFINITY
  const asked = fc.asyncProperty(input, async (each) => {
    if (performance.now() - failedAtMs > LONGEST_SHRINKING_MS) return
    const complaint = await complaintOf(each)
    if (complaint === undefined) return
    failedAtMs = Math.min(failedAtMs, performance.now())
    throw new Error(complaint)
  })
  const { failed, counterexample, errorInstance } = await fc.check(asked, {
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
