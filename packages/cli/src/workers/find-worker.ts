import { everyItem, type TaskFlow, TaskFlowApiError } from '@taskflow/sdk'
import { Argument } from 'commander'
import { UsageError } from '../failure.ts'
import { isLiving } from './worker-state.ts'

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export const workerArgument = (): Argument =>
  new Argument('<worker>', 'whole id of the worker, or its name while one alone has it')

/** The id of the worker that is meant: given itself, or by a name that one living worker has. */
export async function findWorker({ workers }: TaskFlow, given: string): Promise<string> {
  if (UUID.test(given)) return given
  const all = await Array.fromAsync(everyItem((page) => workers.list(page)))
  const [first, ...others] = all.filter((worker) => worker.name === given && isLiving(worker))
  if (!first) throw new TaskFlowApiError('WORKER_NOT_FOUND', `No living worker is named ${given}`, { status: 404 })
  if (others.length > 0) {
    const ids = [first, ...others].map(({ id }) => id)
    throw new UsageError(`${ids.length} workers are named ${given}; give the id of one: ${ids.join(', ')}`)
  }
  return first.id
}
