/**
 * `npm run model`: checks the lease protocol at each size, in every order in which things can happen, and checks that
 * each variant that lacks a guard fails.
 */
import { listOfNames, npmCommand } from '@taskflow/testing/command-line'
import { InvalidArgumentError } from 'commander'
import { type Exploration, explore, type Failure } from './checker.ts'
import { leaseModel } from './lease-model.ts'
import { ACCIDENTS, type Size } from './lease-state.ts'
import { NEVER_LOST, PROMISES } from './promises.ts'
import { rulesWithout, VARIANTS, type Variant, variantSize } from './variants.ts'

const DESCRIPTION = `Visits every state that the lease protocol can reach with a few workers and tasks, through lost, duplicated
and delayed messages, freezes and crashes, and checks the promises in each. Then checks that each variant, which lacks a guard, breaks a promise.`

/**
 * Sizes that take about a minute. The state space grows at least fivefold with each accident, so the larger sizes omit
 * some kinds.
 */
const SIZES: readonly Size[] = [
  { tasks: 1, workers: 2, accidents: 2, kinds: ACCIDENTS, maxAttempts: 2 },
  { tasks: 2, workers: 2, accidents: 1, kinds: ACCIDENTS, maxAttempts: 1 },
  { tasks: 2, workers: 2, accidents: 2, kinds: ['crash'], maxAttempts: 1 },
  { tasks: 1, workers: 2, accidents: 3, kinds: ['crash'], maxAttempts: 2 },
]

const { variant } = npmCommand('model', DESCRIPTION)
  .option('--variant <name>', 'check only this variant', variantNamed)
  .addHelpText('after', listOfNames('Variants', VARIANTS))
  .parse()
  .opts<{ variant?: Variant }>()

const results = variant ? [mustFail(variant)] : [...SIZES.map(mustHold), ...VARIANTS.map(mustFail)]
if (!results.every(Boolean)) process.exitCode = 1

function variantNamed(name: string): Variant {
  const variant = VARIANTS.find((each) => each.name === name)
  if (variant) return variant
  throw new InvalidArgumentError(
    `There is no variant ${name}. The variants are ${VARIANTS.map((each) => each.name).join(', ')}.`,
  )
}

function mustHold(size: Size): boolean {
  console.log(`\nThe protocol, with ${sizeText(size)}`)
  const explored = timed(() => explore(leaseModel(size)))
  console.log(`  ${explored.text}`)
  const { failure } = explored.result
  if (failure) print(failure)
  else
    for (const { promise, sentence } of [NEVER_LOST, ...PROMISES])
      console.log(`  ${promise.padEnd(4)}holds  ${sentence}`)
  return failure === undefined
}

function mustFail(variant: Variant): boolean {
  const { name, summary, without, breaks } = variant
  console.log(`\n${name}: ${summary}`)
  const { result, text } = timed(() => explore(leaseModel(variantSize(variant), rulesWithout(without))))
  const { failure } = result
  const isRight = failure?.promise === breaks
  console.log(`  ${isRight ? 'fails, as expected' : `DOES NOT FAIL as expected: ${breaks} should be broken`} (${text})`)
  if (failure) print(failure)
  return isRight
}

function print({ promise, sentence, trace }: Failure): void {
  console.log(`  ${promise} is broken: ${sentence}`)
  for (const [at, step] of trace.entries()) console.log(`  ${String(at + 1).padStart(4)}. ${step}`)
}

function timed(run: () => Exploration): { readonly result: Exploration; readonly text: string } {
  const startedMs = performance.now()
  const result = run()
  const seconds = (performance.now() - startedMs) / 1_000
  const number = (count: number): string => count.toLocaleString('en-GB')
  const text = `${number(result.states)} states, ${number(result.transitions)} transitions, ${result.depth} steps deep, ${seconds.toFixed(1)} s`
  return { result, text }
}

function sizeText({ tasks, workers, accidents, kinds, maxAttempts }: Size): string {
  const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`
  const parties = `${count(workers, 'worker')}, ${count(tasks, 'task')} with ${count(maxAttempts, 'attempt')}`
  return `${parties}, and ${count(accidents, 'accident')} (${kinds.join(', ')})`
}
