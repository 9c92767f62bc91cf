import { TaskFlowError } from '@taskflow/kernel'
import { ERRORS } from '@taskflow/rooms'
import { TaskFlowApiError } from '@taskflow/sdk'

/** Converts an error to the one that the client over HTTP throws. Returns errors that are not TaskFlow's unchanged. */
export function asApiError(error: unknown): unknown {
  if (!(error instanceof TaskFlowError)) return error
  const { status, hint } = ERRORS[error.code]
  const errors = error.details.errors as TaskFlowApiError['errors'] | undefined
  return new TaskFlowApiError(error.code, error.message, {
    status,
    hint,
    ...(errors && { errors }),
    ...(error.cause !== undefined && { cause: error.cause }),
  })
}
