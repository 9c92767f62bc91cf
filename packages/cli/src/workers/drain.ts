import type { Command } from 'commander'
import { withServer } from '../command.ts'
import { onOneLine } from '../text.ts'
import { findWorker, workerArgument } from './find-worker.ts'

export function addDrain(workers: Command): void {
  workers
    .command('drain')
    .summary('empty a worker: stop it from claiming tasks, and release what does not finish')
    .description(
      'Stop a worker from claiming tasks. Tasks that have not finished after its drain time (--drain-ms of its' +
        ' process) are released for other workers; a release uses no attempt.',
    )
    .addArgument(workerArgument())
    .action(
      withServer(async ({ client, out }, given: string) => {
        const worker = await client.workers.drain(await findWorker(client, given))
        const { id, name, running } = worker
        out.one(worker, () =>
          out.line(
            `Draining ${id} (${onOneLine(name)}); it runs ${running.length} ${running.length === 1 ? 'task' : 'tasks'}`,
          ),
        )
        if (running.length > 0) out.aside(`Show what it still runs: taskflow workers get ${id}`)
      }),
    )
}
