import type { Command } from 'commander'
import { addCordon } from './cordon.ts'
import { addDrain } from './drain.ts'
import { addGet } from './get.ts'
import { addList } from './list.ts'
import { addUncordon } from './uncordon.ts'

export function addWorkers(taskflow: Command): void {
  const workers = taskflow
    .command('workers')
    .summary('show, cordon and drain workers')
    .description('Show, cordon and drain workers.')
    .helpCommand(false)
  for (const add of [addList, addGet, addCordon, addUncordon, addDrain]) add(workers)
}
