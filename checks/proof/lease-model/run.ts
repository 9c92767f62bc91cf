/**
 * `npm run model`: checks the lease protocol at each size, in every order in which things can happen, and that each variant without
 * one of its guards fails.
 */
import { parseArgs } from 'node:util'
import { optionsOrHint } from '@taskflow/bench/command-line.ts'
import { type Exploration, explore, type Failure } from './checker.ts'
import { leaseModel } from './lease-model.ts'
import { ACCIDENTS, type Size } from './lease-state.ts'
import { NEVER_LOST, PROMISES } from './promises.ts'
import { rulesWithout, VARIANTS, type Variant, variantSize } from './variants.ts'

const HELP = `npm run model -- [options]

Visits every state that the lease protocol can reach with a few workers and tasks, whatever is lost, doubled, late, frozen
or killed, and checks the promises in each; then that each of the variants, which lack a guard, breaks one.

  --variant <name>   only this variant
  --help

Variants:
${VARIANTS.map(({ name, summary }) => `  ${name.padEnd(34)}${summary}`).join('\n')}
`

/** What fits into about a minute. The state space grows fivefold and more with each accident, so the larger ones leave some kinds out. */
const SIZES: readonly Size[] = [
  { tasks: 1, workers: 2, accidents: 2, kinds: ACCIDENTS, maxAttempts: 2 },
  { tasks: 2, workers: 2, accidents: 1, kinds: ACCIDENTS, maxAttempts: 1 },
  { tasks: 2, workers: 2, accidents: 2, kinds: ['crash'], maxAttempts: 1 },
  { tasks: 1, workers: 2, accidents: 3, kinds: ['crash'], maxAttempts: 2 },
]

const { variant, help } = optionsOrHint('model', readOptions)
if (help) process.stdout.write(HELP)
else {
  const results = variant ? [mustFail(variant)] : [...SIZES.map(mustHold), ...VARIANTS.map(mustFail)]
  if (!results.every(Boolean)) process.exitCode = 1
}

function readOptions(): { readonly variant: Variant | undefined; readonly help: boolean } {
  const { values } = parseArgs({
    options: { variant: { type: 'string' }, help: { type: 'boolean', default: false } },
  })
  return { variant: values.variant === undefined ? undefined : variantNamed(values.variant), help: values.help }
}

function variantNamed(name: string): Variant {
  const variant = VARIANTS.find((each) => each.name === name)
  if (!variant)
    throw new TypeError(`There is no variant ${name}; there are ${VARIANTS.map((each) => each.name).join(', ')}`)
  return variant
}

function mustHold(size: Size): boolean {
  console.log(`\nThe protocol, with ${sizeText(size)}`)
  const explored = timed(() => explore(leaseModel(size)))
  console.log(`  ${explored.text}`)
  const { failure } = explored.result
  if (failure) tell(failure)
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
  console.log(`  ${isRight ? 'fails, as it must' : `DOES NOT FAIL as it must: ${breaks} should be broken`} (${text})`)
  if (failure) tell(failure)
  return isRight
}

function tell({ promise, sentence, trace }: Failure): void {
  console.log(`  ${promise} is broken: ${sentence}`)
  for (const [at, says] of trace.entries()) console.log(`  ${String(at + 1).padStart(4)}. ${says}`)
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
  const parties = `${count(workers, 'worker')}, ${count(tasks, 'task')} of ${count(maxAttempts, 'attempt')}`
  return `${parties}, and ${count(accidents, 'accident')} (${kinds.join(', ')})`
}
