import { type Static, Type } from '@fastify/type-provider-typebox'
import { Moment } from '@taskflow/http'
import { TASK_STATES } from '@taskflow/tasks'
import { nullable } from '@taskflow/validation'
import type { QueueView as Queue } from '../ports/fleet-store.ts'

export const QueueView = Type.Object(
  {
    name: Type.String(),
    depth: Type.Object(Object.fromEntries(TASK_STATES.map((state) => [state, Type.Optional(Type.Integer())])), {
      description: 'Unfinished tasks by state, as last counted',
    }),
    oldestQueuedMs: nullable(Type.Number({ description: 'Age of the oldest queued task; null when none waits' })),
    throughput: Type.Object(
      { succeeded: Type.Integer(), failed: Type.Integer(), cancelled: Type.Integer() },
      { description: 'What workers settled over the last full minute' },
    ),
    countedAt: Moment,
  },
  { $id: 'Queue' },
)

export function queueView(queue: Queue): Static<typeof QueueView> {
  return { ...queue, countedAt: queue.countedAt.toISOString() }
}
