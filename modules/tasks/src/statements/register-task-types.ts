import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [
  project: string,
  types: string[],
  queues: (string | null)[],
  priorities: (number | null)[],
  maxAttempts: (number | null)[],
  retries: (string | null)[],
  timeouts: (string | null)[],
  inputSchemas: (string | null)[],
]

/** The last worker to start defines a type. Ordered, so that workers that start together cannot deadlock. */
export const registerTaskTypes = statement<Params, never>({
  name: 'register_task_types',
  columns: [],
  text: sqlBeside(import.meta.url),
})
