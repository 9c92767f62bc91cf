import type { Task, TaskFilter, TaskState } from '@taskflow/sdk'
import { type Command, Option } from 'commander'
import { type Cli, examples, withServer } from '../command.ts'
import { fromNow } from '../duration.ts'
import { gatherLabel, parseCount } from '../option-values.ts'
import type { Column } from '../table.ts'
import { paintState } from './show-task.ts'

interface ListOptions extends Pick<TaskFilter, 'queue' | 'type'> {
  readonly state?: TaskState[]
  readonly label?: Record<string, string>
  readonly search?: string
  readonly limit: number
  readonly all?: true
}

const STATES = ['blocked', 'scheduled', 'queued', 'running', 'waiting', 'retrying', 'succeeded', 'failed', 'cancelled']

export function addList(tasks: Command): void {
  tasks
    .command('list')
    .summary('list tasks, newest first')
    .description('List tasks, newest first. Options select the tasks; a task must match all of them.')
    .addOption(new Option('-s, --state <state...>', 'show only tasks in one of these states').choices(STATES))
    .option('-q, --queue <name>', 'show only tasks of this queue')
    .option('-t, --type <type>', 'show only tasks of this type')
    .option('-l, --label <name=value>', 'show only tasks with this label; repeat for more labels', gatherLabel)
    .option('--search <text>', 'show only tasks with this text in their title, description or type')
    .option('-n, --limit <count>', 'maximum number of tasks to show', parseCount, 50)
    .option('-a, --all', 'show all tasks; with --json, print one object on each line')
    .addHelpText(
      'after',
      examples(
        'taskflow tasks list --state failed --queue reports',
        'taskflow tasks list --label team=billing --limit 10',
        'taskflow tasks list --all --json | jq -r .id',
      ),
    )
    .action(withServer(listTasks))
}

async function listTasks(cli: Cli, options: ListOptions): Promise<void> {
  const { state, label, search, queue, type, limit, all } = options
  const filter: TaskFilter = {
    ...(state && { state }),
    ...(label && { labels: label }),
    ...(search !== undefined && { q: search }),
    ...(queue !== undefined && { queue }),
    ...(type !== undefined && { type }),
  }
  const isFiltered = Object.keys(filter).length > 0
  const { out, client } = cli
  if (all && out.isJson) {
    for await (const task of client.tasks.listAll(filter)) out.ndjson(task)
    return
  }
  const { tasks, hasMore } = await readUpTo(cli, filter, all ? Number.POSITIVE_INFINITY : limit)
  out.list(tasks, COLUMNS, isFiltered ? NONE_MATCHES : NONE_YET)
  if (hasMore) out.aside(`\nThere are more tasks. To see them, add --limit ${limit * 4} or --all.`)
}

const NONE_YET = 'No tasks yet. Submit one: taskflow tasks submit <type> --payload <json>'
const NONE_MATCHES = 'No task matches. Remove an option, or list all tasks: taskflow tasks list'

async function readUpTo(
  { client }: Cli,
  filter: TaskFilter,
  limit: number,
): Promise<{ tasks: Task[]; hasMore: boolean }> {
  const tasks: Task[] = []
  // One more than requested shows whether there are more.
  const pageSize = Math.min(200, limit + 1)
  for await (const task of client.tasks.listAll({ ...filter, limit: pageSize })) {
    if (tasks.length === limit) return { tasks, hasMore: true }
    tasks.push(task)
  }
  return { tasks, hasMore: false }
}

const COLUMNS: readonly Column<Task>[] = [
  { title: 'ID', value: (task) => task.id },
  { title: 'STATE', value: (task) => task.state, paint: (text, task) => paintState(task.state, text) },
  { title: 'TYPE', value: (task) => task.type, isFlexible: true },
  { title: 'ATTEMPT', value: (task) => `${task.attempt}/${task.maxAttempts}`, align: 'right' },
  { title: 'CREATED', value: (task) => fromNow(task.createdAt) },
  { title: 'QUEUE', value: (task) => task.queue, isOptional: true },
  { title: 'PRIORITY', value: (task) => (task.priority === 'normal' ? '' : task.priority), isOptional: true },
  { title: 'TITLE', value: (task) => task.title ?? '', isFlexible: true, isOptional: true },
]
