/** Describes an error to the user. `hint` says what to do next. */
export interface ErrorDescription {
  /** Status code of the HTTP reply. */
  readonly status: number
  readonly title: string
  readonly hint: string
}

/**
 * Descriptions of errors, by code. A code is public API: it appears in HTTP bodies, in the output of the command line
 * and in docs/reference/errors.md. Its meaning never changes.
 */
export type ErrorDescriptions = Readonly<Record<string, ErrorDescription>>

export const KERNEL_ERRORS = {
  INTERNAL: {
    status: 500,
    title: 'Internal error',
    hint: 'Report `instance` to the operator: it is the request id in the process log.',
  },
  SETTINGS_INVALID: {
    status: 500,
    title: 'Settings are invalid',
    hint: 'Fix each setting named in the message and start again.',
  },
} as const satisfies ErrorDescriptions

/** Every error code. A package or room adds the codes of its own errors by declaration merging. */
export interface ErrorCodes extends Record<keyof typeof KERNEL_ERRORS, true> {}

export type ErrorCode = keyof ErrorCodes

interface Options {
  readonly cause?: unknown
  readonly details?: Readonly<Record<string, unknown>>
}

/** An error that the caller can act on. Branch on `code`, never on the message or the class. */
export class TaskFlowError extends Error {
  override readonly name = 'TaskFlowError'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, { cause, details = {} }: Options = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.details = details
  }
}

/** Returns whether an error has this code. Works across copies of the class, since it reads only `code`. */
export function hasCode(error: unknown, code: ErrorCode): error is TaskFlowError {
  return error instanceof Error && (error as Partial<TaskFlowError>).code === code
}
