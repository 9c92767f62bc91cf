import type { Command } from 'commander'
import { addList } from './list.ts'

export function addQueues(taskflow: Command): void {
  const queues = taskflow
    .command('queues')
    .summary('show the queues')
    .description('Show the queues.')
    .helpCommand(false)
  addList(queues)
}
