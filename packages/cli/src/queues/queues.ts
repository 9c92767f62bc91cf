import type { Command } from 'commander'
import { addList } from './list.ts'

export function addQueues(taskflow: Command): void {
  addList(taskflow.command('queues').description('see what waits where').helpCommand(false))
}
