import { TaskFlowError } from '@taskflow/kernel'

/** One field of a request that is not as it should be. */
export interface FieldError {
  readonly in: 'body' | 'query' | 'path' | 'headers'
  /** JSON pointer (RFC 6901). */
  readonly pointer: string
  readonly message: string
}

/** A request that no change of state could make right; `errors` names the fields. */
export function malformed(detail: string, errors?: readonly FieldError[]): TaskFlowError {
  return new TaskFlowError('REQUEST_MALFORMED', detail, { ...(errors && { details: { errors } }) })
}

/** The same, for one field that only the handler can judge. */
export function malformedField(where: FieldError['in'], pointer: string, message: string): TaskFlowError {
  return malformed(sentenceOf([{ in: where, pointer, message }]), [{ in: where, pointer, message }])
}

const PART = { body: 'Field', query: 'Query parameter', path: 'Path parameter', headers: 'Header' } as const

/** Names the first offending field, and how many more there are. */
export function sentenceOf(errors: readonly FieldError[]): string {
  const [first] = errors
  if (!first) return 'The request is malformed'
  const subject = first.pointer === '' ? 'The body' : `${PART[first.in]} \`${nameOf(first)}\``
  const more = errors.length > 1 ? `, and ${errors.length - 1} more in \`errors\`` : ''
  return `${subject} ${first.message}${more}`
}

const nameOf = ({ in: where, pointer }: FieldError): string => (where === 'body' ? pointer : pointer.slice(1))

/** One step of a JSON pointer (RFC 6901). */
export const step = (key: string | number): string => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`

/** Runs work on a part of the body; errors of it point into the whole, and say which part is meant. */
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
