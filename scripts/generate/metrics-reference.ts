import { EventEmitter } from 'node:events'
import type { TaskFlowEvents } from '@taskflow/kernel'
import { metricsOf } from '@taskflow/server/metrics'
import type { Generator } from './generator.ts'
import { code, page, table } from './markdown.ts'

const ABOUT = `\`GET /metrics\` answers in the text format of Prometheus, to a credential with the permission \`metrics:read\`, which every role has. A
process counts what it does itself: sum over processes. It is served by processes with the role \`api\`, and by others on \`TASKFLOW_HEALTH_PORT\`. The usual metrics of a Node.js
process (\`process_…\`, \`nodejs_…\`) are there as well. What to watch: [operating](../guides/operating.md#metrics-to-watch).`

/** docs/reference/metrics.md: what a process says that it counts. Those of Node.js differ by platform and are left out. */
export const metricsReference: Generator = async () => {
  const counted = metricsOf(new EventEmitter<TaskFlowEvents>())
  const known = (await counted.describe()).filter(({ name }) => name.startsWith('taskflow_'))
  counted.close()
  const rows = known.map(({ name, type, labels, help }) => [code(name), type, labels.map(code).join(', '), help])
  const content = page('Metrics', ABOUT, table(['metric', 'type', 'labels', 'what it counts'], rows))
  return [{ path: 'docs/reference/metrics.md', content }]
}
