import type { Command } from 'commander'
import { withServer } from '../command.ts'
import { onOneLine } from '../text.ts'
import { findWorker, workerArgument } from './find-worker.ts'

export function addCordon(workers: Command): void {
  workers
    .command('cordon')
    .summary('stop a worker from taking tasks')
    .description('Stop a worker from claiming tasks. The tasks it already runs continue.')
    .addArgument(workerArgument())
    .action(
      withServer(async ({ client, out }, given: string) => {
        const worker = await client.workers.cordon(await findWorker(client, given))
        const { id, name, running } = worker
        out.one(worker, () =>
          out.line(
            `Cordoned ${id} (${onOneLine(name)}); it runs ${running.length} ${running.length === 1 ? 'task' : 'tasks'}`,
          ),
        )
        out.aside(`To let it claim tasks again: taskflow workers uncordon ${id}`)
      }),
    )
}
