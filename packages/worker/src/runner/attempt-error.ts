import { inspect } from 'node:util'
import type { AttemptError } from '@taskflow/tasks'
import { attemptError } from '@taskflow/tasks/domain/failures'
import { clip, storable } from './text.ts'

// An error is stored with its task and shown in lists: long enough to understand, short enough to list.
const MESSAGE_BYTES = 8_192
const STACK_BYTES = 16_384
// Of causes behind each other, and of errors in an AggregateError.
const MAX_REASONS = 8

/** Converts what a handler threw, an error or any other value, to the error that is stored. */
export function attemptErrorOf(thrown: unknown): AttemptError {
  try {
    return thrown instanceof Error || isErrorLike(thrown) ? fromError(thrown) : fromValue(thrown)
  } catch {
    // A getter or a proxy of the thrown value throws.
    return attemptError('Error', 'The handler threw something that cannot be read')
  }
}

const isErrorLike = (thrown: unknown): thrown is Error =>
  typeof thrown === 'object' && thrown !== null && 'message' in thrown && 'name' in thrown

function fromError(error: Error): AttemptError {
  const { name, message, stack } = error
  return {
    name: tidy(String(name), 256),
    message: tidy(String(message), MESSAGE_BYTES),
    ...(typeof stack === 'string' && { stack: tidy(stack + reasonsOf(error, 1), STACK_BYTES) }),
  }
}

/** The errors behind an error, as Node.js prints them: its cause and, for an AggregateError, its inner errors. */
function reasonsOf(error: Error, level: number): string {
  if (level > MAX_REASONS) return ''
  const { cause } = error
  const { errors } = error as { errors?: unknown }
  const inner = Array.isArray(errors) ? errors.slice(0, MAX_REASONS) : []
  return [
    ...(cause === undefined ? [] : [`\nCaused by: ${textOf(cause, level)}`]),
    ...inner.map(
      (each: unknown, index) => `\nError ${index + 1} of ${(errors as unknown[]).length}: ${textOf(each, level)}`,
    ),
  ].join('')
}

function textOf(reason: unknown, level: number): string {
  try {
    if (!(reason instanceof Error)) return typeof reason === 'string' ? reason : inspect(reason)
    return `${reason.stack ?? `${reason.name}: ${reason.message}`}${reasonsOf(reason, level + 1)}`
  } catch {
    return 'a value that cannot be read'
  }
}

const fromValue = (thrown: unknown): AttemptError =>
  attemptError('NonError', tidy(typeof thrown === 'string' ? thrown : inspect(thrown), MESSAGE_BYTES))

const tidy = (text: string, maxBytes: number): string => clip(storable(text), maxBytes)
