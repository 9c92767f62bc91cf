import { type Static, Type } from '@fastify/type-provider-typebox'
import { Id, Moment } from '@taskflow/http'
import { nullable } from '@taskflow/validation'
import { PRIORITIES } from '../domain/priority.ts'
import { FAILURE_REASONS } from '../domain/task.ts'
import { TASK_STATES } from '../domain/task-state.ts'

const Whole = Type.Integer()

export const FailureView = Type.Object({
  name: Type.String(),
  message: Type.String(),
  stack: Type.Optional(Type.String()),
  reason: Type.Enum([...FAILURE_REASONS]),
})

/** A task as the API shows it. */
export const TaskView = Type.Object(
  {
    id: Id,
    project: Type.String(),
    type: Type.String(),
    queue: Type.String(),
    state: Type.Enum([...TASK_STATES]),
    priority: Type.Enum([...PRIORITIES]),
    payload: Type.Optional(Type.Unsafe<unknown>({ description: 'Any JSON value; in lists only where included' })),
    result: Type.Optional(
      Type.Unsafe<unknown>({ description: 'Any JSON value; null until it succeeded; in lists only where included' }),
    ),
    error: nullable(FailureView),
    attempt: Type.Integer({ description: 'Attempts used; 0 before the first' }),
    maxAttempts: Whole,
    crashCount: Type.Integer({ description: 'How often a worker died with it' }),
    retry: nullable(
      Type.Object({
        baseMs: Whole,
        factor: Type.Number(),
        maxMs: Whole,
        jitter: Type.Enum(['full', 'none']),
      }),
    ),
    timeouts: nullable(
      Type.Object({
        scheduleToStartMs: Type.Optional(Whole),
        startToCloseMs: Type.Optional(Whole),
        scheduleToCloseMs: Type.Optional(Whole),
        heartbeatMs: Type.Optional(Whole),
      }),
    ),
    retentionMs: nullable(Whole),
    labels: Type.Unsafe<Readonly<Record<string, string>>>({ type: 'object', additionalProperties: { type: 'string' } }),
    title: nullable(Type.String()),
    description: nullable(Type.String()),
    runAt: nullable(Moment),
    createdAt: Moment,
    createdBy: Type.String(),
    queuedAt: nullable(Moment),
    startedAt: nullable(Moment),
    finishedAt: nullable(Moment),
    cancelRequestedAt: nullable(Moment),
    workerId: nullable(Id),
    progress: Type.Optional(
      nullable(
        Type.Object(
          { percent: Type.Number(), message: Type.Optional(Type.String()), at: Moment },
          { description: 'Of the present or the last run; null before its handler tells any; never in lists' },
        ),
      ),
    ),
  },
  { $id: 'Task' },
)

export type TaskView = Static<typeof TaskView>
