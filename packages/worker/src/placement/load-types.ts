import type { Log } from '../log.ts'
import type { TaskTypeIntroduction } from '../protocol.ts'
import type { WorkerStart } from '../worker-start.ts'
import { selectTypes } from './select-types.ts'
import type { SharedRunner } from './shared-runner.ts'

interface Deps {
  readonly shared: SharedRunner
  readonly start: Pick<WorkerStart, 'load'>
  readonly log: Log
  readonly folder: string
  /** The patterns of setting `types`. */
  readonly patterns: readonly string[] | undefined
}

/** Starts the shared runner and selects the task types that this worker claims. Rejects with SETTINGS_INVALID. */
export async function loadTypes({
  shared,
  start,
  log,
  folder,
  patterns,
}: Deps): Promise<readonly TaskTypeIntroduction[]> {
  const defined = await start.load(shared)
  if (defined.length === 0) log.warn({ folder }, 'No module of the task folder exports a task definition')
  const { selected, unmatched } = selectTypes(defined, patterns)
  for (const pattern of unmatched)
    log.warn({ pattern, folder }, 'No task definition matches this pattern of the setting `types`')
  return selected
}
