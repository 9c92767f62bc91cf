import { type Static, Type } from '@fastify/type-provider-typebox'
import { Id, Moment } from '@taskflow/http'
import { nullable } from '@taskflow/validation'
import { PRIORITIES } from '../domain/priority.ts'
import { FAILURE_REASONS } from '../domain/task.ts'
import { optionViews } from '../domain/task-options.ts'
import { TASK_STATES } from '../domain/task-state.ts'

const Whole = Type.Integer()

/** A failure of a task or an attempt as the API shows it. */
export const FailureView = Type.Object({
  name: Type.String({ description: 'The name of the error' }),
  message: Type.String(),
  stack: Type.Optional(Type.String()),
  reason: Type.Enum([...FAILURE_REASONS], {
    description:
      'Why the task or attempt failed; `retryable` and `crashed` describe an attempt that is followed by another',
  }),
})

/** A task as the API shows it. */
export const TaskView = Type.Object(
  {
    id: Id,
    project: Type.String({ description: 'The project that the task belongs to' }),
    type: Type.String({ description: 'The task type, by which workers find the handler' }),
    queue: Type.String({ description: 'The queue in which the task waits' }),
    state: Type.Enum([...TASK_STATES]),
    priority: Type.Enum([...PRIORITIES], { description: 'The priority class' }),
    payload: Type.Optional(
      Type.Unsafe<unknown>({
        description: 'The input of the handler, any JSON value; absent from lists unless `include` names it',
      }),
    ),
    result: Type.Optional(
      Type.Unsafe<unknown>({
        description:
          'The value that the handler returned, any JSON value; null until the task has succeeded; absent from lists unless `include` names it',
      }),
    ),
    error: nullable({ ...FailureView, description: 'The latest failure; null before the first' }),
    attempt: Type.Integer({ description: 'The number of attempts used; 0 before the first' }),
    maxAttempts: Type.Integer({ description: 'The task fails after this number of failed attempts' }),
    crashCount: Type.Integer({ description: 'The number of crashes of a worker or runner while the task ran' }),
    retry: nullable(
      Type.Object(
        {
          baseMs: Whole,
          factor: Type.Number(),
          maxMs: Whole,
          jitter: Type.Enum(['full', 'none']),
        },
        { description: 'The retry policy of the task; null for the default' },
      ),
    ),
    timeouts: nullable(
      Type.Object(
        {
          scheduleToStartMs: Type.Optional(Whole),
          startToCloseMs: Type.Optional(Whole),
          scheduleToCloseMs: Type.Optional(Whole),
          heartbeatMs: Type.Optional(Whole),
        },
        { description: 'The timeouts of the task; null for none' },
      ),
    ),
    retentionMs: nullable(
      Type.Integer({ description: 'How long the finished task is kept; null for the default of the server' }),
    ),
    labels: Type.Unsafe<Readonly<Record<string, string>>>({ type: 'object', additionalProperties: { type: 'string' } }),
    title: nullable(Type.String()),
    description: nullable(Type.String()),
    ...optionViews(),
    runAt: nullable({ ...Moment, description: 'When the task is due; null for at once' }),
    createdAt: Moment,
    createdBy: Type.String({ description: 'Who submitted the task, such as `key:ci`' }),
    queuedAt: nullable({ ...Moment, description: 'When the task last became queued' }),
    startedAt: nullable({ ...Moment, description: 'When the latest attempt started' }),
    finishedAt: nullable(Moment),
    cancelRequestedAt: nullable({ ...Moment, description: 'When a caller cancelled the task; null if none did' }),
    workerId: nullable({ ...Id, description: 'The worker that runs the task, or that ended it' }),
    progress: Type.Optional(
      nullable(
        Type.Object(
          { percent: Type.Number({ description: 'From 0 to 100' }), message: Type.Optional(Type.String()), at: Moment },
          {
            description:
              'The latest progress that the handler reported; null before the first report; absent from lists',
          },
        ),
      ),
    ),
  },
  {
    $id: 'Task',
    examples: [
      {
        id: '019b76da-a800-7a31-9c2e-5d8f0b7e4c11',
        project: 'default',
        type: 'report.build',
        queue: 'reports',
        state: 'running',
        priority: 'high',
        payload: { customer: 'acme', month: '2026-01' },
        result: null,
        error: null,
        attempt: 1,
        maxAttempts: 3,
        crashCount: 0,
        retry: { baseMs: 5_000, factor: 2, maxMs: 600_000, jitter: 'full' },
        timeouts: { startToCloseMs: 300_000 },
        retentionMs: null,
        labels: { customer: 'acme' },
        title: 'Monthly report for acme',
        description: null,
        runAt: null,
        createdAt: '2026-01-01T00:00:00.000Z',
        createdBy: 'key:ci',
        queuedAt: '2026-01-01T00:00:00.000Z',
        startedAt: '2026-01-01T00:00:00.120Z',
        finishedAt: null,
        cancelRequestedAt: null,
        workerId: '019b76da-a800-7c41-8d3a-2f6b90e1a754',
        progress: { percent: 40, message: 'Loaded the orders', at: '2026-01-01T00:00:01.900Z' },
      },
    ],
  },
)

export type TaskView = Static<typeof TaskView>
