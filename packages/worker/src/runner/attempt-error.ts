import { inspect } from 'node:util'
import type { AttemptError } from '@taskflow/tasks'
import { attemptError } from '@taskflow/tasks/domain/failures'
import { clip, storable } from './text.ts'

// An error is stored with its task and shown in lists: long enough to understand, short enough to list.
const MESSAGE_BYTES = 8_192
const STACK_BYTES = 16_384

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

function fromError({ name, message, stack }: Error): AttemptError {
  return {
    name: tidy(String(name), 256),
    message: tidy(String(message), MESSAGE_BYTES),
    ...(typeof stack === 'string' && { stack: tidy(stack, STACK_BYTES) }),
  }
}

const fromValue = (thrown: unknown): AttemptError =>
  attemptError('NonError', tidy(typeof thrown === 'string' ? thrown : inspect(thrown), MESSAGE_BYTES))

const tidy = (text: string, maxBytes: number): string => clip(storable(text), maxBytes)
