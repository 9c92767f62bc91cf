import { type Attempt, everyItem } from '@taskflow/sdk'
import type { Command } from 'commander'
import { withServer } from '../command.ts'
import { fromNow, shortDuration } from '../duration.ts'
import { paint } from '../output.ts'
import type { Column } from '../table.ts'
import { failureOf } from './show-task.ts'

export function addAttempts(tasks: Command): void {
  tasks
    .command('attempts')
    .summary('list the attempts of a task')
    .description('List the attempts of a task with their outcomes and errors, oldest first.')
    .argument('<id>', 'full id of the task')
    .action(
      withServer(async ({ client, out }, id: string) => {
        const attempts = await Array.fromAsync(everyItem((page) => client.tasks.attempts(id, page)))
        out.list(attempts, COLUMNS, `The task has had no attempt yet. Show its state: taskflow tasks get ${id}`)
      }),
    )
}

const COLUMNS: readonly Column<Attempt>[] = [
  { title: '#', value: ({ attempt }) => String(attempt), align: 'right' },
  { title: 'OUTCOME', value: ({ outcome }) => outcome, paint: (text, { outcome }) => paintOutcome(outcome, text) },
  { title: 'STARTED', value: ({ startedAt }) => fromNow(startedAt) },
  { title: 'TOOK', value: tookOf, align: 'right' },
  { title: 'ERROR', value: ({ error }) => (error ? failureOf(error) : ''), isFlexible: true, leastWidth: 60 },
  { title: 'WORKER', value: ({ workerId }) => workerId, isOptional: true },
]

function tookOf({ startedAt, endedAt }: Attempt): string {
  return endedAt === null ? '' : shortDuration(Date.parse(endedAt) - Date.parse(startedAt))
}

function paintOutcome(outcome: Attempt['outcome'], text: string): string {
  if (outcome === 'succeeded') return paint('green', text)
  return outcome === 'failed' || outcome === 'timedOut' || outcome === 'rescued' ? paint('red', text) : text
}
