import { everyItem, type TaskEvent } from '@taskflow/sdk'
import type { Command } from 'commander'
import { withServer } from '../command.ts'
import { pairs } from '../output.ts'
import type { Column } from '../table.ts'

export function addEvents(tasks: Command): void {
  tasks
    .command('events')
    .summary('show the history of a task')
    .description('Show the history of a task: one line for each event, oldest first.')
    .argument('<id>', 'full id of the task')
    .action(
      withServer(async ({ client, out }, id: string) => {
        const events = await Array.fromAsync(everyItem((page) => client.tasks.events(id, page)))
        out.list(events, COLUMNS, 'The task has no history yet.')
      }),
    )
}

const COLUMNS: readonly Column<TaskEvent>[] = [
  { title: 'AT', value: ({ at }) => at },
  { title: 'EVENT', value: ({ kind }) => kind },
  { title: 'BY', value: ({ actor }) => actor ?? '', isOptional: true },
  { title: 'DETAIL', value: ({ detail }) => pairs(detail), isFlexible: true },
]
