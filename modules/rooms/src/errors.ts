import { DATABASE_ERRORS } from '@taskflow/database'
import { HTTP_ERRORS } from '@taskflow/http/errors'
import { type ErrorCode, type ErrorDescription, KERNEL_ERRORS } from '@taskflow/kernel'
import { VALIDATION_ERRORS } from '@taskflow/validation'
import { ROOMS } from './rooms.ts'

/** Maps each error code of the platform and of all rooms to its description. */
export const ERRORS: Readonly<Record<ErrorCode, ErrorDescription>> = Object.assign(
  {},
  VALIDATION_ERRORS,
  HTTP_ERRORS,
  ...ROOMS.map(({ errors }) => errors),
  DATABASE_ERRORS,
  KERNEL_ERRORS,
)
