import { type Static, Type } from '@fastify/type-provider-typebox'
import { Id, Moment } from '@taskflow/http'
import { WORKER_STATES, type WorkerView as Worker } from '../ports/fleet-store.ts'

export const WorkerView = Type.Object(
  {
    id: Type.String({ format: 'uuid', description: 'Of this incarnation: a new one each time the process starts' }),
    project: Type.String(),
    name: Type.String(),
    host: Type.String(),
    pid: Type.Integer(),
    version: Type.String(),
    labels: Type.Unsafe<Readonly<Record<string, string>>>({ type: 'object', additionalProperties: { type: 'string' } }),
    queues: Type.Array(Type.String()),
    types: Type.Array(Type.String()),
    slots: Type.Integer(),
    state: Type.Enum([...WORKER_STATES]),
    running: Type.Array(Type.Object({ taskId: Id, type: Type.String(), startedAt: Moment }), {
      description: 'At most 200 of them',
    }),
    loopLagMs: Type.Number({ description: 'How late the loop of its handlers answers' }),
    sinceFetchMs: Type.Number({ description: 'Since it last looked for tasks; 0 while it rightly does not' }),
    startedAt: Moment,
    heartbeatAt: Moment,
  },
  { $id: 'Worker' },
)

export const WorkerParams = Type.Object({ id: Id })

export function workerView(worker: Worker): Static<typeof WorkerView> {
  return {
    ...worker,
    queues: [...worker.queues],
    types: [...worker.types],
    running: worker.running.map((task) => ({ ...task, startedAt: task.startedAt.toISOString() })),
    startedAt: worker.startedAt.toISOString(),
    heartbeatAt: worker.heartbeatAt.toISOString(),
  }
}
