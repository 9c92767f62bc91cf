import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { problems } from '@taskflow/http'
import type { ProcessMetrics } from '../../telemetry/metrics.ts'

interface Deps {
  readonly metrics: Pick<ProcessMetrics, 'render' | 'contentType'>
}

/** Serves GET /metrics. */
export const metricsRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { metrics }) => {
  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'getMetrics',
        summary: 'Get the metrics of this process in the text format of Prometheus',
        tags: ['system'],
        response: { 200: { content: { 'text/plain': { schema: Type.String() } } }, ...problems() },
      },
      config: { permission: 'metrics:read', produces: ['text/plain'] },
    },
    async (_request, reply) =>
      reply
        .type(metrics.contentType)
        .serializer(String)
        .send(await metrics.render()),
  )
}
