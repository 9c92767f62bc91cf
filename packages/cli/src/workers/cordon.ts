import type { Command } from 'commander'
import { withServer } from '../command.ts'
import { onOneLine } from '../text.ts'
import { findWorker, workerArgument } from './find-worker.ts'

export function addCordon(workers: Command): void {
  workers
    .command('cordon')
    .description('let a worker take nothing more; what it runs goes on')
    .addArgument(workerArgument())
    .action(
      withServer(async ({ client, out }, given: string) => {
        const worker = await client.workers.cordon(await findWorker(client, given))
        const { id, name, running } = worker
        out.one(worker, () => out.line(`Cordoned ${id} (${onOneLine(name)}); it runs ${running.length}`))
        out.aside(`Let it take tasks again: taskflow workers uncordon ${id}`)
      }),
    )
}
