import { join } from 'node:path'
import { systemClock } from '@taskflow/testing/system-clock'
import { machineChannels } from '../src/placement/machine-channels.ts'
import { startRunner } from '../src/placement/runner-handle.ts'

/** Stands in for an agent: starts a process whose loop a handler blocks forever, sends its pid, and waits to be killed. */
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
const order = { key: 1, taskId: '', leaseId: '', project: '', queue: '', payload: 'null', attempt: 1, maxAttempts: 1 }
runner.run([{ ...order, type: 'spins.after.a.log', labels: {}, createdAt: 0, heartbeatMs: null }])
