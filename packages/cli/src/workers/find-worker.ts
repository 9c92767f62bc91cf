import { everyItem, type TaskFlow, TaskFlowApiError } from '@taskflow/sdk'
import { Argument } from 'commander'
import { UsageError } from '../failure.ts'
import { isLive } from './worker-state.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export const workerArgument = (): Argument =>
  new Argument('<worker>', 'full id of the worker, or a name that only one live worker has')

/** Returns the id of a worker that is given by its id, or by a name that only one live worker has. */
export async function findWorker({ workers }: TaskFlow, given: string): Promise<string> {
  if (UUID.test(given)) return given
  const all = await Array.fromAsync(everyItem((page) => workers.list(page)))
  const [first, ...others] = all.filter((worker) => worker.name === given && isLive(worker))
  if (!first) throw new TaskFlowApiError('WORKER_NOT_FOUND', `No live worker has the name ${given}`, { status: 404 })
  if (others.length > 0) {
    const ids = [first, ...others].map(({ id }) => id)
    throw new UsageError(`${ids.length} workers have the name ${given}. Give the id of one: ${ids.join(', ')}`)
  }
  return first.id
}
