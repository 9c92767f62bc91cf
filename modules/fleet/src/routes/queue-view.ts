import { type Static, type TInteger, Type } from '@fastify/type-provider-typebox'
import { Moment } from '@taskflow/http'
import { UNFINISHED_STATES, type UnfinishedState } from '@taskflow/tasks'
import { nullable } from '@taskflow/validation'
import type { QueueView as Queue } from '../ports/fleet-store.ts'

/** A queue as the API shows it. */
export const QueueView = Type.Object(
  {
    name: Type.String({ description: 'The name of the queue' }),
    depth: Type.Object(
      Object.fromEntries(UNFINISHED_STATES.map((state) => [state, Type.Integer()])) as Record<
        UnfinishedState,
        TInteger
      >,
      { description: 'The number of unfinished tasks by state; 0 for a state without tasks' },
    ),
    oldestQueuedMs: nullable(
      Type.Number({ description: 'Milliseconds since the oldest queued task was queued; null when no task is queued' }),
    ),
    throughput: Type.Object(
      { succeeded: Type.Integer(), failed: Type.Integer(), cancelled: Type.Integer() },
      { description: 'The number of tasks that workers settled during the last full minute, by outcome' },
    ),
    countedAt: { ...Moment, description: 'When the coordinator counted the tasks' },
  },
  {
    $id: 'Queue',
    examples: [
      {
        name: 'reports',
        depth: { blocked: 0, scheduled: 0, queued: 12, running: 4, waiting: 0, retrying: 1 },
        oldestQueuedMs: 5_230,
        throughput: { succeeded: 118, failed: 1, cancelled: 0 },
        countedAt: '2026-01-01T00:00:01.000Z',
      },
    ],
  },
)

export function queueView(queue: Queue): Static<typeof QueueView> {
  return { ...queue, countedAt: queue.countedAt.toISOString() }
}
