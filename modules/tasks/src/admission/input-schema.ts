import { createRequire } from 'node:module'
import { TaskFlowError } from '@taskflow/kernel'
import { type FieldError, messageOf, step } from '@taskflow/validation'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { KnownType } from './known-type.ts'

const draft7 = createRequire(import.meta.url)('ajv/dist/refs/json-schema-draft-07.json') as object

/** Compiles the input schema of a task type. Logs a warning when it is invalid: the handler checks its input anyway. */
export function compileInputSchema(
  type: string,
  text: string,
  log: { warn(details: object, message: string): void },
): ValidateFunction | undefined {
  try {
    const ajv = new Ajv2020({ strict: false, allErrors: true, verbose: true, validateFormats: false, logger: false })
    return ajv.addMetaSchema(draft7).compile(JSON.parse(text) as object)
  } catch (error) {
    log.warn(
      { err: error, type },
      `The input schema of task type ${type} is invalid, so payloads are not checked against it: fix the task definition`,
    )
    return undefined
  }
}

const MAX_ERRORS = 20

/** Throws TASK_INVALID when the input schema of the type rejects the payload. The errors point into the request body. */
export function refuseInvalidPayload(known: KnownType | undefined, payload: unknown): void {
  const check = known?.checkInput
  if (!check || check(payload)) return
  const errors = (check.errors ?? []).slice(0, MAX_ERRORS).map((error): FieldError => {
    const missing: unknown = error.params.missingProperty ?? error.params.additionalProperty
    const field = typeof missing === 'string' ? step(missing) : ''
    return { in: 'body', pointer: `/payload${error.instancePath}${field}`, message: messageOf(error) }
  })
  const first = errors[0] && `: \`${errors[0].pointer}\` ${errors[0].message}`
  throw new TaskFlowError(
    'TASK_INVALID',
    `The payload does not match the input schema of task type ${known.type}${first ?? ''}`,
    {
      details: { errors },
    },
  )
}
