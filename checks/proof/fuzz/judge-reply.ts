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

// A stack, a path of this machine, or SQL.
const INSIDES =
  /\bat .+:\d+:\d+|node_modules|\.[cm]?ts\b|\/(home|srv|tmp|usr|var)\/|\b(insert into|select .+ from|update .+ set|syntax error at|violates|invalid input syntax)\b/i

/** What is wrong with a reply, whatever was asked. */
export function judgeReply(request: ApiRequest, reply: LightMyRequestResponse, url: string): Complaint {
  const { statusCode: status, body } = reply
  // Nothing is away here.
  if (status >= 500) return `answers ${status}: ${body.slice(0, 500)}`
  // A path that is none of the operation's is nowhere in the document.
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
  if (!listed) return `answers a code that is not listed: ${problem.code}`
  if (listed.status !== statusCode || problem.status !== statusCode) return `answers ${problem.code} as ${statusCode}`
  if (problem.type !== `/docs/errors#${problem.code}` || problem.detail === '') return `answers half a problem: ${body}`
  if (problem.instance !== headers['x-request-id']) return 'does not give the id of its request'
  const [insides] = INSIDES.exec(problem.detail) ?? []
  // What was sent may be said again.
  const given = `${url} ${decoded(url)} ${Object.values(request.headers).join(' ')} ${request.body ?? ''}`
  return insides === undefined || given.includes(insides) ? undefined : `shows its insides: ${problem.detail}`
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url)
  } catch {
    // No text can be read from it, so none can be said again.
    return ''
  }
}

// States that are not the caller's fault: what a verb finds in its way.
const IN_THE_WAY = [404, 409, 412]

/** What is wrong with how a request was taken, by what was wrong with it. */
export function judgeTaking({ kind, operation, what, as, path }: ApiRequest, reply: LightMyRequestResponse): Complaint {
  const { statusCode: status, body } = reply
  const { permission } = operation
  const isPermitted =
    permission === undefined || permission === 'any' || permits(PERMISSIONS, as, permission as Permission)
  if (kind === 'hostile') return undefined
  // An address that no text can be read from is refused before anybody is asked who they are.
  const isUnread = kind === 'nearly valid' && status === 400
  if (!isPermitted) return status === 403 || isUnread ? undefined : `answers ${status}, not 403, to role ${as}`
  if (kind === 'nearly valid') return status >= 400 ? undefined : `takes a request with ${what}`
  if (status < 400) return undefined
  const isOfNothing = Object.values(path).some((each) => typeof each === 'string')
  if (status === 404) return isOfNothing ? undefined : `does not find what is there: ${body.slice(0, 300)}`
  if (IN_THE_WAY.includes(status)) return undefined
  // Fewer attempts than it has used already.
  if (operation.id === 'editTask' && status === 422) return undefined
  return `refuses a valid request: ${status} ${body.slice(0, 500)}`
}
