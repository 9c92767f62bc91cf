import type { Command } from 'commander'
import { withServer } from '../command.ts'
import { onOneLine } from '../text.ts'
import { findWorker, workerArgument } from './find-worker.ts'

export function addUncordon(workers: Command): void {
  workers
    .command('uncordon')
    .summary('let a cordoned or drained worker claim tasks again')
    .description('Let a cordoned or drained worker claim tasks again.')
    .addArgument(workerArgument())
    .action(
      withServer(async ({ client, out }, given: string) => {
        const worker = await client.workers.uncordon(await findWorker(client, given))
        const { id, name, state } = worker
        out.one(worker, () => out.line(`Uncordoned ${id} (${onOneLine(name)}); it is ${state}`))
      }),
    )
}
