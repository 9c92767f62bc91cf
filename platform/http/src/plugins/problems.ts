import type { ServerResponse } from 'node:http'
import { type ErrorDescription, type ErrorDescriptions, KERNEL_ERRORS, TaskFlowError } from '@taskflow/kernel'
import { type FieldError, malformed } from '@taskflow/validation'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Problem } from '../schemas/problem.ts'
import { STATUS_CODES } from '../status-codes.ts'
import type { Connection } from './connections.ts'

// A restart or failover of PostgreSQL often ends within this time.
const RETRY_AFTER_S = 2

/** Describes an error of a request as a problem (RFC 9457). `instance` is the id of the request. */
export type ProblemOf = (error: unknown, instance: string) => Problem

declare module 'fastify' {
  interface FastifyInstance {
    readonly problemOf: ProblemOf
  }
}

/**
 * Replies to every error with a problem (RFC 9457). The log has the details of an internal error, under the id of the
 * request.
 */
export function replyWithProblems(app: FastifyInstance, problemOf: ProblemOf): void {
  app.decorate('problemOf', problemOf)
  app.setErrorHandler((error: FastifyError, request, reply) => sendProblem(problemOf, error, request, reply))
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]
    const error = new TaskFlowError('ROUTE_NOT_FOUND', `There is no ${request.method} ${path}`)
    sendProblem(problemOf, error, request, reply)
  })
}

export function sendProblem(problemOf: ProblemOf, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error, request.id)
  if (problem.status >= 500) request.log.error({ err: error, code: problem.code }, problem.title)
  // Sets the header here too, because a request without a route runs no hooks.
  reply.code(problem.status).type('application/problem+json').header('x-request-id', request.id)
  if (problem.code === 'DATABASE_UNAVAILABLE') reply.header('retry-after', RETRY_AFTER_S)
  if (problem.code === 'UNAUTHENTICATED') reply.header('www-authenticate', 'Bearer realm="taskflow"')
  // The serialiser of the route knows only the statuses in its schema, and there may be no route.
  reply.serializer(JSON.stringify).send(problem)
}

/** Makes a function that describes the errors in this list. It describes any other error as INTERNAL. */
export function problemsOf(errors: ErrorDescriptions): ProblemOf {
  return (error, instance) => {
    const { code, message, details } = translate(error)
    const { status, title, hint }: ErrorDescription = errors[code] ?? KERNEL_ERRORS.INTERNAL
    const fields = details.errors as FieldError[] | undefined
    return {
      type: `/docs/errors#${code}`,
      title,
      status,
      code,
      detail: code === 'INTERNAL' ? 'An unexpected error occurred; the log of the server has the details' : message,
      instance,
      hint,
      ...(fields && { errors: fields }),
    }
  }
}

/** Translates the errors of the HTTP framework. Any other error than a TaskFlowError becomes INTERNAL. */
function translate(error: unknown): TaskFlowError {
  if (error instanceof TaskFlowError) return error
  const { code, statusCode = 500, message } = error as Partial<FastifyError>
  switch (code) {
    case 'FST_ERR_BAD_URL':
      return malformed(`The path is not percent-encoded UTF-8: ${message?.split("'")[1] ?? ''}`)
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return malformed('A part of the path is longer than 256 characters')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new TaskFlowError('MEDIA_TYPE_UNSUPPORTED', 'The body must be sent with Content-Type application/json')
  }
  if (statusCode >= 400 && statusCode < 500) return malformed(message ?? 'The request is malformed')
  return new TaskFlowError('INTERNAL', 'Unexpected error', { cause: error })
}

/** Replies to an unknown `Expect` header. Node.js reports it before the framework has a request. */
export function refuseExpectation(problemOf: ProblemOf, response: ServerResponse, instance: string): void {
  const problem = { ...problemOf(malformed('Header `Expect` must be `100-continue` or absent'), instance), status: 417 }
  response
    .writeHead(417, { 'content-type': 'application/problem+json', connection: 'close' })
    .end(JSON.stringify(problem))
}

/** Replies to bytes that are not valid HTTP. There is no request yet, so the reply goes to the socket directly. */
export function refuseConnection(
  problemOf: ProblemOf,
  error: NodeJS.ErrnoException,
  socket: Connection,
  instance: string,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const reply = socket._httpMessage
  // Waits for the reply to a complete request before the invalid bytes, so that the caller does not mix up the two
  // replies.
  if (reply?.req.complete && !reply.writableFinished) {
    socket.pause()
    reply.once('close', () => {
      // A paused socket would never report that the caller closed the connection.
      socket.resume()
      if (socket.writable) refuseConnection(problemOf, error, socket, instance)
    })
    return
  }
  const problem = problemOfBytes(problemOf, error, instance)
  const { status } = problem
  const body = JSON.stringify(problem)
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

function problemOfBytes(problemOf: ProblemOf, { code }: NodeJS.ErrnoException, instance: string): Problem {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return problemOf(new TaskFlowError('REQUEST_TIMED_OUT', 'The headers did not arrive in time'), instance)
  if (code === 'HPE_HEADER_OVERFLOW')
    return { ...problemOf(malformed('The headers are larger than 16 KiB in total'), instance), status: 431 }
  return problemOf(malformed('The request is not well-formed HTTP/1.1'), instance)
}
