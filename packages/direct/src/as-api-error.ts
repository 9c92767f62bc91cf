import { TaskFlowError } from '@taskflow/kernel'
import { ERRORS } from '@taskflow/rooms'
import { TaskFlowApiError } from '@taskflow/sdk'

/** What the client over HTTP throws for the same refusal. Errors that are not TaskFlow's pass as they are. */
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
