import type { Command } from 'commander'
import { addCreate } from './create.ts'
import { addList } from './list.ts'
import { addRevoke } from './revoke.ts'

export function addKeys(taskflow: Command): void {
  const keys = taskflow.command('keys').summary('manage API keys').description('Manage API keys.').helpCommand(false)
  for (const add of [addCreate, addList, addRevoke]) add(keys)
}
