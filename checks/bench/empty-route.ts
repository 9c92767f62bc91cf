/**
 * The least that a Fastify route can be, run as a process of its own: what `POST /v1/tasks` is measured against. It
 * reads the same JSON and checks, stores and says nothing.
 */
import Fastify from 'fastify'

const app = Fastify()
app.post('/v1/tasks', (_request, reply) => reply.code(201).send({}))
await app.listen({ host: '127.0.0.1', port: 0 })
process.once('SIGTERM', () => void app.close())
process.stdout.write(`The empty route is ready: ${app.listeningOrigin}\n`)
