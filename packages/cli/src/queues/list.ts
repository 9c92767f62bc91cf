import { everyItem, type Queue } from '@taskflow/sdk'
import type { Command } from 'commander'
import { withServer } from '../command.ts'
import { shortDuration } from '../duration.ts'
import type { Column } from '../table.ts'

export function addList(queues: Command): void {
  queues
    .command('list')
    .summary('list the queues with their number of tasks')
    .description(
      'List the queues: their unfinished tasks by state, and the tasks that finished in the last full minute.',
    )
    .action(
      withServer(async ({ client, out }) => {
        const queues = await Array.fromAsync(everyItem((page) => client.queues.list(page)))
        out.list(queues, COLUMNS, 'No queues yet. A queue exists from its first task on: taskflow tasks submit <type>')
      }),
    )
}

const depthIn =
  (...states: (keyof Queue['depth'])[]) =>
  ({ depth }: Queue): string =>
    String(states.reduce((total, state) => total + depth[state], 0))

const COLUMNS: readonly Column<Queue>[] = [
  { title: 'NAME', value: ({ name }) => name, isFlexible: true },
  { title: 'QUEUED', value: depthIn('queued'), align: 'right' },
  { title: 'RUNNING', value: depthIn('running'), align: 'right' },
  { title: 'LATER', value: depthIn('scheduled', 'retrying', 'waiting', 'blocked'), align: 'right' },
  { title: 'OLDEST', value: ({ oldestQueuedMs: ms }) => (ms === null ? '' : shortDuration(ms)), align: 'right' },
  { title: 'DONE/MIN', value: ({ throughput }) => String(throughput.succeeded), align: 'right' },
  { title: 'FAILED/MIN', value: ({ throughput }) => String(throughput.failed), align: 'right' },
]
