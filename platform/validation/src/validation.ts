import { isUuid } from '@taskflow/kernel'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Static, TSchema } from 'typebox'
import { isMoment, MOMENT_RULE } from './field-schemas.ts'
import { type FieldError, malformed, sentenceOf, step } from './malformed.ts'

/**
 * Validates requests by schemas. Bodies are strict: a wrong type is rejected, not converted, and an unknown field is
 * rejected, not dropped. Query strings, paths and headers are text, so their numbers and booleans are parsed from text.
 */
const OPTIONS = {
  strict: true,
  allowUnionTypes: true,
  allErrors: true,
  verbose: true,
  removeAdditional: false,
} as const

const MAX_ERRORS = 20

const strict = withFormats(new Ajv2020(OPTIONS))
const coercing = withFormats(new Ajv2020({ ...OPTIONS, coerceTypes: 'array' }))

function withFormats(ajv: Ajv2020): Ajv2020 {
  return ajv.addFormat('uuid', isUuid).addFormat('date-time', isMoment)
}

/** Makes a function that returns the error of a part of a request, or undefined if the part is valid. */
export function validator(schema: TSchema, part: FieldError['in']): (value: unknown) => Error | undefined {
  const validate = (part === 'body' ? strict : coercing).compile(schema)
  return (value) => (validate(value) ? undefined : refusal(fieldErrors(validate.errors, part)))
}

/**
 * Makes a function that validates values outside a route's body, such as the lines of a stream. It throws
 * REQUEST_MALFORMED.
 */
export function checker<Schema extends TSchema>(schema: Schema): (value: unknown, pointer?: string) => Static<Schema> {
  const validate: ValidateFunction = strict.compile(schema)
  return (value, pointer = '') => {
    if (!validate(value)) throw refusal(fieldErrors(validate.errors, 'body', pointer))
    return value as Static<Schema>
  }
}

/** Makes a function that returns whether a body is valid. */
export function predicate<Schema extends TSchema>(schema: Schema): (value: unknown) => boolean {
  const validate = strict.compile(schema)
  return (value) => validate(value)
}

function refusal(errors: readonly FieldError[]): Error {
  return malformed(sentenceOf(errors), errors)
}

function fieldErrors(errors: ValidateFunction['errors'], part: FieldError['in'], prefix = ''): FieldError[] {
  return (errors ?? [])
    .filter((error) => error.propertyName === undefined)
    .slice(0, MAX_ERRORS)
    .map((error) => ({ in: part, pointer: prefix + pointerOf(error), message: messageOf(error) }))
}

/** Returns the pointer to a field. For a missing or unknown field, Ajv points to the object instead. */
function pointerOf({ instancePath, params }: ErrorObject): string {
  const field: unknown = params.missingProperty ?? params.additionalProperty ?? params.propertyName
  return typeof field === 'string' ? instancePath + step(field) : instancePath
}

/** Returns the rest of a sentence that begins with the name of the field. */
export function messageOf({ keyword, params, message = 'is not valid', data }: ErrorObject): string {
  switch (keyword) {
    case 'required':
      return 'is required'
    case 'additionalProperties':
      return 'is not known here'
    case 'propertyNames':
      return 'has an empty name or one that is too long'
    case 'enum':
      return `must be one of ${(params.allowedValues as unknown[]).join(', ')}${gotten(data)}`
    case 'format':
      return `must be ${params.format === 'date-time' ? MOMENT_RULE : 'a UUID in lower case'}${gotten(data)}`
    default:
      return `${message.replace(',null', ' or null').replace('NOT', 'not')}${gotten(data)}`
  }
}

const MAX_SHOWN = 60

function gotten(data: unknown): string {
  if (data === undefined) return ''
  if (data !== null && typeof data === 'object') return `, got ${Array.isArray(data) ? 'an array' : 'an object'}`
  const text = JSON.stringify(data)
  return text.length > MAX_SHOWN ? `, got ${typeof data} of ${text.length} characters` : `, got ${text}`
}
