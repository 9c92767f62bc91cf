import type { Command } from 'commander'
import { withServer } from '../command.ts'
import { onOneLine } from '../text.ts'
import { findWorker, workerArgument } from './find-worker.ts'

export function addDrain(workers: Command): void {
  workers
    .command('drain')
    .description('let a worker take nothing more, and hand back what does not end in time; it costs no task an attempt')
    .addArgument(workerArgument())
    .action(
      withServer(async ({ client, out }, given: string) => {
        const worker = await client.workers.drain(await findWorker(client, given))
        const { id, name, running } = worker
        out.one(worker, () => out.line(`Draining ${id} (${onOneLine(name)}); it runs ${running.length}`))
        if (running.length > 0) out.aside(`See what is left: taskflow workers get ${id}`)
      }),
    )
}
