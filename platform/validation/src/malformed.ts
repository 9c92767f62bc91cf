import { TaskFlowError } from '@taskflow/kernel'

/** An invalid field of a request. */
export interface FieldError {
  readonly in: 'body' | 'query' | 'path' | 'headers'
  /** JSON pointer (RFC 6901) to the field. Empty for the whole part. */
  readonly pointer: string
  readonly message: string
}

/** Makes the error for a request that is invalid in any state of the server. `errors` lists the fields. */
export function malformed(detail: string, errors?: readonly FieldError[]): TaskFlowError {
  return new TaskFlowError('REQUEST_MALFORMED', detail, { ...(errors && { details: { errors } }) })
}

/** Makes the error for one field that only the handler can check. */
export function malformedField(where: FieldError['in'], pointer: string, message: string): TaskFlowError {
  return malformed(sentenceOf([{ in: where, pointer, message }]), [{ in: where, pointer, message }])
}

const PART = { body: 'Field', query: 'Query parameter', path: 'Path parameter', headers: 'Header' } as const

/** Makes a sentence of the first invalid field and the number of others. */
export function sentenceOf(errors: readonly FieldError[]): string {
  const [first] = errors
  if (!first) return 'The request is malformed'
  const subject = first.pointer === '' ? 'The body' : `${PART[first.in]} \`${nameOf(first)}\``
  const more = errors.length > 1 ? `, and ${errors.length - 1} more in \`errors\`` : ''
  return `${subject} ${first.message}${more}`
}

const nameOf = ({ in: where, pointer }: FieldError): string => (where === 'body' ? pointer : pointer.slice(1))

/** Formats one step of a JSON pointer (RFC 6901). */
export const step = (key: string | number): string => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`

/**
 * Runs work on a part of the body. Prefixes the pointers of its errors with `pointer`, and adds `pointer` to its
 * message.
 */
export function within<Part, Result>(pointer: string, work: (part: Part) => Result, part: Part): Result {
  try {
    return work(part)
  } catch (error) {
    if (!(error instanceof TaskFlowError)) throw error
    const errors = (error.details.errors as FieldError[] | undefined)?.map((each) => ({
      ...each,
      pointer: pointer + each.pointer,
    }))
    throw new TaskFlowError(error.code, `${error.message} (\`${pointer}\`)`, {
      details: { ...error.details, ...(errors && { errors }) },
    })
  }
}
