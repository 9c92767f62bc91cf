import { Readable } from 'node:stream'
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { Id, principalOf, problems, validatorCompiler } from '@taskflow/http'
import { malformed } from '@taskflow/validation'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { admitTasks, BatchBody, readBatch } from '../admission/admit.ts'
import { IdempotencyHeaders, idempotencyOf } from '../admission/idempotency.ts'
import { NewTaskBody } from '../admission/task-fields.ts'
import { type SubmitLinesDeps, submitLines } from './submit-lines.ts'

const MAX_BATCH_BYTES = 64 * 1024 * 1024

/** POST /v1/tasks/batch */
export const submitTasksRoute: FastifyPluginAsyncTypebox<SubmitLinesDeps> = async (app, deps) => {
  // A stream has no end of its own; a stop cuts it, and the caller may send it again under its key.
  const streams = new Set<Readable>()
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.destroy()
  })

  app.post(
    '/v1/tasks/batch',
    {
      schema: {
        operationId: 'submitTasks',
        summary: 'Submit many tasks',
        description:
          'As JSON: up to 10,000, all or nothing. As NDJSON: one task a line, without limit; what became of each line ' +
          'is told on the line of the reply that has its number, while the request still comes in, so read while you send.',
        tags: ['tasks'],
        headers: IdempotencyHeaders,
        body: {
          content: {
            'application/json': { schema: BatchBody },
            'application/x-ndjson': { schema: NewTaskBody },
          },
        },
        response: {
          201: {
            description: 'Stored',
            content: {
              'application/json': { schema: Type.Object({ ids: Type.Array(Id) }) },
              'application/x-ndjson': {
                schema: Type.Object({
                  line: Type.Integer({ description: 'From 1; blank lines count, but get no reply' }),
                  id: Type.Optional(Id),
                  error: Type.Optional(Type.Unsafe<object>({ $ref: 'Problem#' })),
                }),
              },
            },
          },
          ...problems(409, 413, 415, 422),
        },
      },
      config: { permission: 'tasks:submit', produces: ['application/json', 'application/x-ndjson'], takesLines: true },
      bodyLimit: MAX_BATCH_BYTES,
      // The handler checks: a batch item by item, a stream line by line.
      validatorCompiler: (part) => (part.httpPart === 'body' ? () => true : validatorCompiler(part)),
    },
    async (request, reply) => {
      const { body } = request
      if (body === undefined || body === null) throw malformed('The body is empty; JSON or NDJSON is expected')
      if (!(body instanceof Readable)) return submitBatch(request, reply, deps)
      streams.add(body.once('close', () => streams.delete(body)))
      return replyByLine(request, reply, deps)
    },
  )
}

async function submitBatch(request: FastifyRequest, reply: FastifyReply, deps: SubmitLinesDeps): Promise<FastifyReply> {
  const principal = principalOf(request)
  const { project } = principal
  const tasks = await admitTasks(readBatch(request.body), principal, deps)
  const idempotency = idempotencyOf(keyOf(request), 'POST /v1/tasks/batch', request.body)
  const { ids, replayed } = await deps.storage.submitTasks({ project, tasks, ...idempotency })
  if (replayed) reply.header('idempotent-replayed', 'true')
  return reply.code(201).send({ ids })
}

function replyByLine(request: FastifyRequest, reply: FastifyReply, deps: SubmitLinesDeps): FastifyReply {
  const key = keyOf(request)
  const replies = submitLines(request.body as Readable, deps, {
    principal: principalOf(request),
    instance: request.id,
    problemOf: request.server.problemOf,
    ...(key !== undefined && { key }),
  })
  return reply
    .code(201)
    .type('application/x-ndjson')
    .send(Readable.from(replies, { objectMode: false }))
}

const keyOf = ({ headers }: FastifyRequest): string | undefined => headers['idempotency-key'] as string | undefined
