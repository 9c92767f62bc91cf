import type { Worker } from '@taskflow/sdk'
import type { Command } from 'commander'
import { withServer } from '../command.ts'
import { fromNow, shortDuration } from '../duration.ts'
import { type Output, pairs } from '../output.ts'
import { onOneLine } from '../text.ts'
import { findWorker, workerArgument } from './find-worker.ts'
import { paintState } from './worker-state.ts'

export function addGet(workers: Command): void {
  workers
    .command('get')
    .summary('show one worker and the tasks it runs')
    .description('Show one worker: its state, the queues and task types it takes, and the tasks it runs.')
    .addArgument(workerArgument())
    .action(
      withServer(async ({ client, out }, given: string) => {
        const worker = await client.workers.get(await findWorker(client, given))
        out.one(worker, () => showWorker(out, worker))
      }),
    )
}

function showWorker(out: Output, worker: Worker): void {
  const { running, slots, loopLagMs, sinceFetchMs } = worker
  out.line(`${onOneLine(worker.name)} is ${paintState(worker.state)}`)
  out.line()
  out.fields({
    id: worker.id,
    running: `${running.length} of ${slots}`,
    queues: onOneLine(worker.queues.join(', ')),
    types: onOneLine(worker.types.join(', ')),
    labels: pairs(worker.labels),
    version: onOneLine(worker.version),
    host: `${onOneLine(worker.host)}, process ${worker.pid}`,
    started: `${worker.startedAt} (${fromNow(worker.startedAt)})`,
    heartbeat: `${worker.heartbeatAt} (${fromNow(worker.heartbeatAt)})`,
    // Zero means that the worker does not fetch now, because it is full or cordoned.
    fetched: sinceFetchMs > 0 ? `${shortDuration(sinceFetchMs)} before the heartbeat` : undefined,
    lag: `${Math.round(loopLagMs)}ms`,
  })
  if (running.length === 0) return
  out.line()
  out.list(running, RUNNING, '')
}

const RUNNING = [
  { title: 'TASK', value: ({ taskId }: Worker['running'][number]) => taskId },
  { title: 'STARTED', value: ({ startedAt }: Worker['running'][number]) => fromNow(startedAt) },
  { title: 'TYPE', value: ({ type }: Worker['running'][number]) => type, isFlexible: true },
]
