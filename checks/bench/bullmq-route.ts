/** The route that a user of BullMQ would write for an API: a checked body, one `add`, its id. Runs in its own process. */
import { Queue } from 'bullmq'
import Fastify from 'fastify'

const queue = new Queue('bench', { connection: { url: process.env.REDIS_URL ?? '' } })
await queue.waitUntilReady()

const schema = {
  body: {
    type: 'object',
    required: ['type'],
    properties: { type: { type: 'string', minLength: 1, maxLength: 128 }, payload: {} },
  },
  response: { 201: { type: 'object', properties: { id: { type: 'string' } } } },
}

const app = Fastify()
app.post<{ Body: { type: string; payload: unknown } }>('/v1/tasks', { schema }, async ({ body }, reply) => {
  const { id } = await queue.add(body.type, body.payload)
  return reply.code(201).send({ id })
})
await app.listen({ host: '127.0.0.1', port: 0 })
process.once('SIGTERM', () => void app.close().then(() => queue.close()))
process.stdout.write(`The BullMQ route is ready: ${app.listeningOrigin}\n`)
