import type { Problem } from './api-types.ts'
import { parseRetryAfterMs } from './backoff.ts'
import { TaskFlowApiError } from './errors.ts'

/** Parses the body of a successful reply. Throws `RESPONSE_INVALID` when it is not JSON. */
export function parseReply<Body>(text: string, response: Response): Body {
  if (text === '') return undefined as Body
  try {
    return JSON.parse(text) as Body
  } catch (cause) {
    const detail = `The reply of ${response.url} is not JSON: is it a TaskFlow server?`
    throw new TaskFlowApiError('RESPONSE_INVALID', detail, { status: response.status, cause })
  }
}

/** Turns an HTTP error into a `TaskFlowApiError`. A proxy may have written the reply, in a format of its own. */
export function refusal(response: Response, text: string): TaskFlowApiError {
  const problem = problemOf(text)
  const { code = `HTTP_${response.status}`, hint, errors } = problem
  const retryAfterMs = parseRetryAfterMs(response.headers.get('retry-after'), Date.now())
  const requestId = response.headers.get('x-request-id') ?? problem.instance
  return new TaskFlowApiError(code, problem.detail ?? `${response.url} answered ${response.status}`, {
    status: response.status,
    ...(hint !== undefined && { hint }),
    ...(errors !== undefined && { errors }),
    ...(requestId !== undefined && { requestId }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}

function problemOf(text: string): Partial<Problem> {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null && 'code' in parsed ? (parsed as Partial<Problem>) : {}
  } catch {
    // Not a reply of TaskFlow: the code is `HTTP_<status>`.
    return {}
  }
}
