import { TaskFlowError } from '@taskflow/kernel'
import { parseJson } from '@taskflow/validation'
import type { FastifyInstance, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** An absent body counts as `{}`. */
    readonly isBodyOptional?: boolean
    /** Whether a body may be a stream of lines. */
    readonly takesLines?: boolean
  }
}

/** Reads bodies: JSON as a whole, NDJSON as the stream it is, and nothing else. */
export function readBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, bytes: Buffer, done) => {
    try {
      refuseEncodings(request)
      // Without a value validation finds the body missing, and says so.
      done(null, bytes.length === 0 ? undefined : parseJson(bytes))
    } catch (error) {
      done(error as Error)
    }
  })
  app.addContentTypeParser('application/x-ndjson', (request, stream, done) => {
    try {
      if (!request.routeOptions.config.takesLines)
        throw unsupported('The body must come with Content-Type application/json')
      refuseEncodings(request)
      done(null, stream)
    } catch (error) {
      done(error as Error)
    }
  })
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.body === undefined && request.routeOptions.config.isBodyOptional) request.body = {}
    done()
  })
}

function refuseEncodings({ headers }: FastifyRequest): void {
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity')
    throw unsupported(`Content-Encoding ${encoding} is not supported; send the body as it is`)
  const [, charset = 'utf-8'] = /;\s*charset\s*=\s*"?([^;"\s]*)/i.exec(headers['content-type'] ?? '') ?? []
  if (!/^utf-?8$/i.test(charset)) throw unsupported(`Charset ${charset} is not supported; send UTF-8`)
}

const unsupported = (detail: string): TaskFlowError => new TaskFlowError('MEDIA_TYPE_UNSUPPORTED', detail)
