import { fork } from 'node:child_process'
import { join } from 'node:path'
import { RUNNER_ENTRY } from '../src/placement/channel.ts'

/** Stands in for an agent: starts a runner whose loop a handler blocks for good, tells its id, and waits to be killed. */
const child = fork(RUNNER_ENTRY, { serialization: 'advanced' })
child.send({ kind: 'load', folder: join(import.meta.dirname, '../fixtures/tasks') })
child.on('message', ({ kind }: { kind: string }) => {
  if (kind !== 'ready') return
  const order = { key: 1, taskId: '', leaseId: '', project: '', queue: '', payload: 'null', attempt: 1, maxAttempts: 1 }
  child.send({
    kind: 'run',
    orders: [{ ...order, type: 'spins.process', labels: {}, createdAt: 0, heartbeatMs: null }],
  })
  process.send?.(child.pid)
})
