import type { Permission } from '@taskflow/http/access'
import { permits } from '@taskflow/identity'
import type { ErrorCode } from '@taskflow/kernel'
import { PERMISSIONS } from '@taskflow/rooms'
import { ALL_ERRORS as ERRORS } from '@taskflow/server/errors'
import type { LightMyRequestResponse } from 'fastify'
import type { ApiRequest } from './api-request.ts'
import type { Complaint } from './area.ts'

interface Problem {
  readonly code: ErrorCode
  readonly status: number
  readonly type: string
  readonly detail: string
  readonly hint: string
  readonly instance: string
}

// A stack, a path of the machine, or SQL.
const INTERNALS =
  /\bat .+:\d+:\d+|node_modules|\.[cm]?ts\b|\/(home|srv|tmp|usr|var)\/|\b(insert into|select .+ from|update .+ set|syntax error at|violates|invalid input syntax)\b/i

/** Checks a reply, whatever the request. */
export function judgeReply(request: ApiRequest, reply: LightMyRequestResponse, url: string): Complaint {
  const { statusCode: status, body } = reply
  // Every service is available here.
  if (status >= 500) return `answers ${status}: ${body.slice(0, 500)}`
  // A path outside the operation is not in the document.
  const isElsewhere = status === 404 && body.includes('ROUTE_NOT_FOUND')
  const mediaType = reply.headers['content-type']?.toString()
  const flaw = isElsewhere ? undefined : request.operation.replyFlaw(status, mediaType, body)
  if (flaw !== undefined) return `${flaw}: ${body.slice(0, 500)}`
  return status >= 400 ? judgeProblem(request, reply, url) : undefined
}

function judgeProblem(
  request: ApiRequest,
  { statusCode, headers, body }: LightMyRequestResponse,
  url: string,
): Complaint {
  const problem = JSON.parse(body) as Problem
  const listed = ERRORS[problem.code]
  if (!listed) return `answers an unlisted code: ${problem.code}`
  if (listed.status !== statusCode || problem.status !== statusCode) return `answers ${problem.code} as ${statusCode}`
  if (problem.type !== `/docs/errors#${problem.code}` || problem.detail === '')
    return `answers an incomplete problem: ${body}`
  if (problem.instance !== headers['x-request-id']) return 'does not contain the id of its request'
  // A problem may repeat what was sent.
  const given = `${url} ${decoded(url)} ${Object.values(request.headers).join(' ')} ${request.body ?? ''}`
  return exposureIn(problem.detail, given)
}

/** Finds a stack, a path of the machine or SQL in the detail of a problem, unless the request contained it. */
export function exposureIn(detail: string, given = ''): Complaint {
  const [internals] = INTERNALS.exec(detail) ?? []
  return internals === undefined || given.includes(internals) ? undefined : `exposes internals: ${detail}`
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url)
  } catch {
    // Undecodable: a problem cannot repeat its text.
    return ''
  }
}

// Statuses that depend on the state of an object and not on the request.
const STATE_CONFLICTS = [404, 409, 412]

/** Checks whether a request was accepted or refused as its kind requires. */
export function judgeAcceptance(
  { kind, operation, what, as, path }: ApiRequest,
  reply: LightMyRequestResponse,
): Complaint {
  const { statusCode: status, body } = reply
  const { permission } = operation
  const isPermitted =
    permission === undefined || permission === 'any' || permits(PERMISSIONS, as, permission as Permission)
  if (kind === 'hostile') return undefined
  // An undecodable address is refused before authentication.
  const isUnread = kind === 'nearly valid' && status === 400
  if (!isPermitted) return status === 403 || isUnread ? undefined : `answers ${status}, not 403, to role ${as}`
  if (kind === 'nearly valid') return status >= 400 ? undefined : `accepts a request with ${what}`
  if (status < 400) return undefined
  const isOfNothing = Object.values(path).some((each) => typeof each === 'string')
  if (status === 404) return isOfNothing ? undefined : `does not find an existing object: ${body.slice(0, 300)}`
  if (STATE_CONFLICTS.includes(status)) return undefined
  // The edit may set fewer attempts than the task has used.
  if (operation.id === 'editTask' && status === 422) return undefined
  return `refuses a valid request: ${status} ${body.slice(0, 500)}`
}
