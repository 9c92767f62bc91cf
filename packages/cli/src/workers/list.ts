import { everyItem, type Worker } from '@taskflow/sdk'
import type { Command } from 'commander'
import { withServer } from '../command.ts'
import { fromNow } from '../duration.ts'
import { pairs } from '../output.ts'
import type { Column } from '../table.ts'
import { paintState } from './worker-state.ts'

export function addList(workers: Command): void {
  workers
    .command('list')
    .summary('list the workers, newest first')
    .description('List the workers, newest first. Stopped and lost workers are listed for one day.')
    .action(
      withServer(async ({ client, out }) => {
        const workers = await Array.fromAsync(everyItem((page) => client.workers.list(page)))
        out.list(workers, COLUMNS, 'No workers. Start one: taskflow start --roles worker --tasks <folder>')
      }),
    )
}

const COLUMNS: readonly Column<Worker>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'STATE', value: ({ state }) => state, paint: (text, { state }) => paintState(state, text) },
  { title: 'RUNNING', value: ({ running, slots }) => `${running.length}/${slots}`, align: 'right' },
  { title: 'HEARTBEAT', value: ({ heartbeatAt }) => fromNow(heartbeatAt) },
  { title: 'NAME', value: ({ name }) => name, isFlexible: true },
  { title: 'QUEUES', value: ({ queues }) => queues.join(', '), isFlexible: true, isOptional: true },
  { title: 'LABELS', value: ({ labels }) => pairs(labels), isFlexible: true, isOptional: true },
  { title: 'VERSION', value: ({ version }) => version, isOptional: true },
  { title: 'LAG', value: ({ loopLagMs }) => `${Math.round(loopLagMs)}ms`, align: 'right', isOptional: true },
  { title: 'TYPES', value: ({ types }) => types.join(', '), isFlexible: true, isOptional: true },
]
