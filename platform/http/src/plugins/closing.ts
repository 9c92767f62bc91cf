import type { FastifyInstance } from 'fastify'

/**
 * Ends the connection of each reply that is sent during a stop. Otherwise the caller of a held request keeps its
 * connection alive, and the stop waits until the caller closes the connection.
 */
export function endConnectionsOnStop(app: FastifyInstance): void {
  let isStopping = false
  app.addHook('preClose', async () => {
    isStopping = true
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (isStopping) reply.header('connection', 'close')
    done()
  })
}
