import type { Command } from 'commander'
import { addList } from './list.ts'

export function addWorkers(taskflow: Command): void {
  addList(taskflow.command('workers').description('see who runs tasks').helpCommand(false))
}
