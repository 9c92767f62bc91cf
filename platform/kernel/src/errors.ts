/** How an error is described to its reader. `hint` says what to do next. */
export interface ErrorDescription {
  /** Of the HTTP reply. */
  readonly status: number
  readonly title: string
  readonly hint: string
}

/**
 * Errors by code. A code is public API: it appears in HTTP bodies, in the output of the command line and in
 * docs/reference/errors.md, and is never reused for another meaning.
 */
export type ErrorDescriptions = Readonly<Record<string, ErrorDescription>>

export const KERNEL_ERRORS = {
  INTERNAL: {
    status: 500,
    title: 'Internal error',
    hint: 'Report `instance` to the operator: the log of the process has the same request id.',
  },
  SETTINGS_INVALID: {
    status: 500,
    title: 'Settings are invalid',
    hint: 'Fix each setting named in the message and start again.',
  },
} as const satisfies ErrorDescriptions

/** Every code there is, by name. A package or room that has errors of its own adds their codes by declaration merging. */
export interface ErrorCodes extends Record<keyof typeof KERNEL_ERRORS, true> {}

export type ErrorCode = keyof ErrorCodes

interface Options {
  readonly cause?: unknown
  readonly details?: Readonly<Record<string, unknown>>
}

/** An error the caller can act on. Branch on `code`, never on the message or the class. */
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

export function hasCode(error: unknown, code: ErrorCode): error is TaskFlowError {
  return error instanceof Error && (error as Partial<TaskFlowError>).code === code
}
