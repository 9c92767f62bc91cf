import { type Static, Type } from '@fastify/type-provider-typebox'
import { Id, Moment } from '@taskflow/http'
import { WORKER_STATES, type WorkerView as Worker } from '../ports/fleet-store.ts'

/** A worker as the API shows it. */
export const WorkerView = Type.Object(
  {
    id: Type.String({
      format: 'uuid',
      description: 'UUIDv7, in lower case; a worker gets a new id each time its process starts',
    }),
    project: Type.String({ description: 'The project whose tasks the worker runs' }),
    name: Type.String({ description: 'The name from the settings of the worker' }),
    host: Type.String({ description: 'The name of the machine' }),
    pid: Type.Integer({ description: 'The process id on that machine' }),
    version: Type.String({ description: 'The TaskFlow version of the worker' }),
    labels: Type.Unsafe<Readonly<Record<string, string>>>({
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'The labels from the settings of the worker',
    }),
    queues: Type.Array(Type.String(), { description: 'The queues that the worker serves' }),
    types: Type.Array(Type.String(), { description: 'The task types that the worker has handlers for' }),
    slots: Type.Integer({ description: 'The number of attempts that can run at the same time' }),
    state: Type.Enum([...WORKER_STATES], {
      description:
        'A `silent` worker has sent no heartbeat for two seconds; the tasks of a `lost` worker are rescued; a `stopped` worker ended as planned',
    }),
    running: Type.Array(Type.Object({ taskId: Id, type: Type.String(), startedAt: Moment }), {
      description: 'The tasks that the worker runs, at most 200 of them',
    }),
    loopLagMs: Type.Number({ description: 'Delay of the event loop that runs handlers, in milliseconds' }),
    sinceFetchMs: Type.Number({
      description:
        'Milliseconds since the last successful fetch of tasks; 0 while the worker is full, cordoned or draining',
    }),
    startedAt: { ...Moment, description: 'When the worker registered' },
    heartbeatAt: { ...Moment, description: 'When the last heartbeat arrived' },
  },
  {
    $id: 'Worker',
    examples: [
      {
        id: '019b76da-a800-7c41-8d3a-2f6b90e1a754',
        project: 'default',
        name: 'worker-1',
        host: 'node-a',
        pid: 4711,
        version: '0.1.0',
        labels: { zone: 'a' },
        queues: ['default', 'reports'],
        types: ['report.build'],
        slots: 16,
        state: 'active',
        running: [
          {
            taskId: '019b76da-a800-7a31-9c2e-5d8f0b7e4c11',
            type: 'report.build',
            startedAt: '2026-01-01T00:00:00.120Z',
          },
        ],
        loopLagMs: 2,
        sinceFetchMs: 140,
        startedAt: '2026-01-01T00:00:00.000Z',
        heartbeatAt: '2026-01-01T00:00:01.000Z',
      },
    ],
  },
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
