import type { FastifyInstance } from 'fastify'

/**
 * A reply that is sent while the server stops ends its connection. Without that a caller whose reply was held keeps
 * its connection alive, and the stop waits for the caller to think better of it.
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
