import { type Clock, TaskFlowError } from '@taskflow/kernel'
import { parseJson } from '@taskflow/validation'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { BodyReader } from '../body-reader.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the body may be absent, which then counts as `{}`. */
    readonly isBodyOptional?: boolean
    /** Whether the body may be NDJSON. */
    readonly takesLines?: boolean
  }
}

/** Parses JSON bodies and passes NDJSON bodies on as streams. Rejects every other media type. */
export function readBodies(app: FastifyInstance, clock: Pick<Clock, 'monotonicMs' | 'sleep'>): void {
  const bodies = new BodyReader(clock)
  app.addHook('preClose', async () => bodies.stop())
  app.addHook('onClose', async () => bodies.close())
  app.addHook('onResponse', (request, _reply, done) => {
    if (request.raw.complete === false) bodies.discard(request.raw)
    done()
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', (request, stream, done) => {
    const { bodyLimit } = request.routeOptions
    bodies.read(
      { stream, declaredBytes: Number(request.headers['content-length']), limit: bodyLimit },
      (error, bytes) => (bytes ? parseInto(request, bytes, done) : done(error)),
    )
  })
  app.addContentTypeParser('application/x-ndjson', (request, stream, done) => {
    try {
      if (!request.routeOptions.config.takesLines)
        throw unsupported('The body must be sent with Content-Type application/json')
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

type Done = (error: Error | null, body?: unknown) => void

function parseInto(request: FastifyRequest, bytes: Buffer, done: Done): void {
  let body: unknown
  try {
    refuseEncodings(request)
    // Leaves it to the validation to report that the body is missing.
    body = bytes.length === 0 ? undefined : parseJson(bytes)
  } catch (error) {
    done(error as Error)
    return
  }
  done(null, body)
}

function refuseEncodings({ headers }: FastifyRequest): void {
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity')
    throw unsupported(`Content-Encoding ${encoding} is not supported: send the body without an encoding`)
  const [, charset = 'utf-8'] = /;\s*charset\s*=\s*"?([^;"\s]*)/i.exec(headers['content-type'] ?? '') ?? []
  if (!/^utf-?8$/i.test(charset)) throw unsupported(`Charset ${charset} is not supported: send the body in UTF-8`)
}

const unsupported = (detail: string): TaskFlowError => new TaskFlowError('MEDIA_TYPE_UNSUPPORTED', detail)
