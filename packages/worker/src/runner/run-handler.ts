import { PermanentError, type TaskContext, type TaskDefinition, taskSignalOf } from '@taskflow/sdk'
import { writeJson } from '@taskflow/sdk/json'
import type { AttemptOutcome, FailureName } from '@taskflow/tasks'
import { attemptErrorOf } from './attempt-error.ts'
import { holdsNul, storableJson } from './text.ts'

const RESULT_BYTES = 1_048_576

/**
 * Runs a handler once and returns the outcome, without a promise when the handler is synchronous. Never throws or
 * rejects: an error of the handler is an outcome.
 */
export function runHandler(
  definition: TaskDefinition,
  payload: string,
  context: TaskContext,
): AttemptOutcome | Promise<AttemptOutcome> {
  try {
    const value: unknown = JSON.parse(payload)
    const returned = definition.input ? runChecked(definition, value, context) : definition.run(value, context)
    return isThenable(returned) ? outcomeOf(returned) : { kind: 'succeeded', result: toResult(returned) }
  } catch (error) {
    return outcomeOfThrown(error)
  }
}

async function runChecked(definition: TaskDefinition, value: unknown, context: TaskContext): Promise<unknown> {
  return definition.run(await checkInput(definition, value), context)
}

async function outcomeOf(returned: PromiseLike<unknown>): Promise<AttemptOutcome> {
  try {
    return { kind: 'succeeded', result: toResult(await returned) }
  } catch (error) {
    return outcomeOfThrown(error)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

export function outcomeOfThrown(thrown: unknown): AttemptOutcome {
  const signal = taskSignalOf(thrown)
  if (signal?.kind === 'retryAfter') return { kind: 'snoozed', delayMs: signal.delayMs }
  return { kind: 'failed', error: attemptErrorOf(thrown), retryable: signal?.kind !== 'permanent' }
}

/** Fails the task at once, because the next attempt would get the same payload. */
class InvalidInput extends PermanentError {
  override readonly name = 'InvalidInput' satisfies FailureName
}

/** Fails the task at once, because the next attempt would most likely return a similar result. */
class InvalidResult extends PermanentError {
  override readonly name = 'InvalidResult' satisfies FailureName
}

async function checkInput({ type, input }: TaskDefinition, value: unknown): Promise<unknown> {
  const checked = await input?.['~standard'].validate(value)
  if (!checked?.issues) return checked?.value
  const issues = checked.issues.map(({ path, message }) => (path?.length ? `${pathOf(path)}: ${message}` : message))
  throw new InvalidInput(`Payload of ${type} does not fit its schema: ${issues.join('; ')}`)
}

type Path = readonly (PropertyKey | { readonly key: PropertyKey })[]

const pathOf = (path: Path): string => path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')

function toResult(value: unknown): string {
  if (value === undefined) return 'null'
  const text = storableJson(stringify(value))
  if (holdsNul(text))
    throw new InvalidResult('The result holds a NUL character (U+0000), which PostgreSQL cannot store')
  if (text.length * 3 > RESULT_BYTES && Buffer.byteLength(text) > RESULT_BYTES)
    throw new InvalidResult(
      `The result is larger than ${RESULT_BYTES} bytes of JSON; store it elsewhere and return where`,
    )
  return text
}

function stringify(value: unknown): string {
  try {
    return writeJson(value, 'The result')
  } catch (error) {
    throw new InvalidResult((error as TypeError).message)
  }
}
