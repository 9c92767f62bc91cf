import type { Clock, ErrorDescriptions, Ids } from '@taskflow/kernel'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { checkAddresses } from './plugins/addresses.ts'
import { readBodies } from './plugins/bodies.ts'
import { endConnectionsOnStop, HEADERS_MS, PAUSE_MS } from './plugins/connections.ts'
import { collectPaths } from './plugins/methods.ts'
import { observeRequests, type RequestMetrics } from './plugins/observe.ts'
import { problemsOf, refuseConnection, refuseExpectation, replyWithProblems, sendProblem } from './plugins/problems.ts'
import { requestLog } from './plugins/request-log.ts'
import { validatorCompiler } from './plugins/validation.ts'
import { problemSchema } from './schemas/problem.ts'

interface Deps {
  readonly metrics: RequestMetrics
  /** Every error that a reply may contain. */
  readonly errors: ErrorDescriptions
  readonly clock: Clock
  readonly ids: Ids
  readonly log: FastifyBaseLogger
}

// Bodies without a payload are small. Routes whose bodies have a payload set their own limit.
const BODY_LIMIT = 65_536

/** Makes an app without routes. Reads, validates, rejects and observes requests in the same way for every app. */
export function bareApp({ metrics, errors, clock, ids, log }: Deps): FastifyInstance {
  const problemOf = problemsOf(errors)
  const app: FastifyInstance = Fastify({
    loggerInstance: log,
    // observeRequests() writes the one line per request.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    childLoggerFactory: requestLog,
    genReqId: () => ids.next(),
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: 'idle',
    // Node.js would reject a request without a host without a problem in the reply; checkAddresses() rejects it with
    // one.
    http: { requireHostHeader: false, headersTimeout: HEADERS_MS },
    connectionTimeout: PAUSE_MS,
    // A request that has arrived is served, also during a stop.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: (error, request, reply) => sendProblem(problemOf, error, request, reply),
    clientErrorHandler: (error, socket) => refuseConnection(problemOf, error, socket, ids.next()),
  })
  app.server.on('checkExpectation', (_request, response) => refuseExpectation(problemOf, response, ids.next()))
  app.setValidatorCompiler(validatorCompiler)
  app.addSchema(problemSchema(errors))
  endConnectionsOnStop(app, clock)
  collectPaths(app)
  observeRequests(app, metrics)
  replyWithProblems(app, problemOf)
  readBodies(app, clock)
  checkAddresses(app)
  return app
}
