import { DATABASE_ERRORS } from '@taskflow/database'
import { HTTP_ERRORS } from '@taskflow/http/errors'
import { type ErrorCode, type ErrorDescription, KERNEL_ERRORS } from '@taskflow/kernel'
import { VALIDATION_ERRORS } from '@taskflow/validation'
import { ROOMS } from './rooms.ts'
import { sumOf } from './sum-of.ts'

/** Maps each error code of the platform and of all rooms to its description. */
export const ERRORS = sumOf<ErrorDescription>('error', [
  ['platform/validation', VALIDATION_ERRORS],
  ['platform/http', HTTP_ERRORS],
  ...ROOMS.map(({ name, errors }) => [`room ${name}`, errors] as const),
  ['platform/database', DATABASE_ERRORS],
  ['platform/kernel', KERNEL_ERRORS],
]) as Readonly<Record<ErrorCode, ErrorDescription>>
