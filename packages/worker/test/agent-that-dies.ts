import { join } from 'node:path'
import { systemClock } from '@taskflow/testing/system-clock'
import { machineChannels } from '../src/placement/machine-channels.ts'
import { startRunner } from '../src/placement/runner-handle.ts'

/**
 * Stands in for an agent: runs a handler of the type and with the payload that its arguments name in a process, sends the
 * process id that the handler logs, and waits to be killed.
 */
const runner = startRunner({
  placement: 'process',
  folder: join(import.meta.dirname, '../fixtures/tasks'),
  channels: machineChannels,
  clock: systemClock,
  listener: {
    onReport: ({ logs }) => process.send?.(JSON.parse(logs[0]?.fields ?? '{}').pid),
    onCrash() {},
    onSlowLoad() {},
  },
})
await runner.ready
const [type = '', payload = ''] = process.argv.slice(2)
const order = { key: 1, taskId: '', leaseId: '', project: '', queue: '', payload, attempt: 1, maxAttempts: 1 }
runner.run([{ ...order, type, labels: {}, createdAt: 0, heartbeatMs: null }])
