import { EventEmitter } from 'node:events'
import type { TaskFlowEvents } from '@taskflow/kernel'
import { metricsOf } from '@taskflow/server/metrics'
import type { Generator } from './generator.ts'
import { code, page, table } from './markdown.ts'

const ABOUT = `This page lists the metrics that a TaskFlow process exports. \`GET /metrics\` returns them in the text format of
Prometheus. It accepts any credential with the permission \`metrics:read\`, which every role has.

- Processes with the role \`api\` serve it on their port, other processes on \`TASKFLOW_HEALTH_PORT\`.
- Each process counts its own work: sum over all processes.
- The default metrics of a Node.js process (\`process_…\`, \`nodejs_…\`) are exported as well.
- [Operating](../guides/operating.md#metrics-to-watch) explains which metrics to watch.`

/** Writes docs/reference/metrics.md. It omits the metrics of Node.js, which differ by platform. */
export const metricsReference: Generator = async () => {
  const counted = metricsOf(new EventEmitter<TaskFlowEvents>())
  const known = (await counted.describe()).filter(({ name }) => name.startsWith('taskflow_'))
  counted.close()
  const rows = known.map(({ name, type, labels, help }) => [code(name), type, labels.map(code).join(', '), help])
  const content = page('Metrics', ABOUT, table(['metric', 'type', 'labels', 'description'], rows))
  return [{ path: 'docs/reference/metrics.md', content }]
}
