import { Readable } from 'node:stream'
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { Id, principalOf, problems, validatorCompiler } from '@taskflow/http'
import { malformed } from '@taskflow/validation'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { admitTasks, BatchBody, readBatch } from '../admission/admit.ts'
import { IdempotencyHeaders, idempotencyOf } from '../admission/idempotency.ts'
import { submitOrReplay } from '../admission/submit-or-replay.ts'
import { NewTaskBody } from '../admission/task-fields.ts'
import { type SubmitLinesDeps, submitLines } from './submit-lines.ts'

const MAX_BATCH_BYTES = 64 * 1024 * 1024

/** POST /v1/tasks/batch */
export const submitTasksRoute: FastifyPluginAsyncTypebox<SubmitLinesDeps> = async (app, deps) => {
  // A stream may never end. A server that stops closes it, and the caller can repeat it with its idempotency key.
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
          'Stores tasks from a JSON or an NDJSON body. A JSON body has up to 10,000 tasks; either all of them are stored, or none. An NDJSON body has one task on each line, without a limit. Its reply has one line for each task, with the number of the line and either an id or an error. The reply starts while the server still receives the request, so read while you send. A stream may pause for up to five minutes.',
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
            description: 'JSON: all tasks are stored. NDJSON: one line for each task, stored or refused',
            content: {
              'application/json': {
                schema: Type.Object(
                  { ids: Type.Array(Id, { description: 'The ids of the tasks, in the order of the request' }) },
                  {
                    examples: [
                      { ids: ['019b76da-a800-7a31-9c2e-5d8f0b7e4c11', '019b76da-a801-7b64-8f05-c27d91e3a460'] },
                    ],
                  },
                ),
              },
              'application/x-ndjson': {
                schema: Type.Object(
                  {
                    line: Type.Integer({
                      description: 'The number of the line, from 1. Blank lines count, but get no reply',
                    }),
                    id: Type.Optional(Id),
                    error: Type.Optional(Type.Unsafe<object>({ $ref: 'Problem#' })),
                  },
                  { examples: [{ line: 1, id: '019b76da-a800-7a31-9c2e-5d8f0b7e4c11' }] },
                ),
              },
            },
          },
          ...problems(409, 413, 415, 422),
        },
      },
      config: { permission: 'tasks:submit', produces: ['application/json', 'application/x-ndjson'], takesLines: true },
      bodyLimit: MAX_BATCH_BYTES,
      // The handler validates the body: a batch item by item, a stream line by line.
      validatorCompiler: (part) => (part.httpPart === 'body' ? () => true : validatorCompiler(part)),
    },
    async (request, reply) => {
      const { body } = request
      if (body === undefined || body === null) throw malformed('The body is empty: send JSON or NDJSON')
      if (!(body instanceof Readable)) return submitBatch(request, reply, deps)
      streams.add(body.once('close', () => streams.delete(body)))
      return replyByLine(request, reply, deps)
    },
  )
}

async function submitBatch(request: FastifyRequest, reply: FastifyReply, deps: SubmitLinesDeps): Promise<FastifyReply> {
  const principal = principalOf(request)
  const { project } = principal
  const read = readBatch(request.body)
  const key = idempotencyOf(keyOf(request), 'POST /v1/tasks/batch', request.body)
  const { ids, replayed } = await submitOrReplay(deps.storage, { project, ...key }, () =>
    admitTasks(read, principal, deps),
  )
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
