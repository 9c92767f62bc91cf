import { closed, duration, name, nullable } from '@taskflow/validation'
import { type Static, Type } from 'typebox'
import { PRIORITIES } from '../domain/priority.ts'
import { optionFields } from '../domain/task-options.ts'

/** The fields of a new task, with their bounds. Edits and redrives accept some of them. */
const Retry = closed(
  {
    baseMs: Type.Optional(duration('Upper limit of the pause before the second attempt')),
    factor: Type.Optional(
      Type.Number({ minimum: 1, maximum: 100, description: 'Growth of the upper limit with each attempt' }),
    ),
    maxMs: Type.Optional(duration('Maximum of the upper limit')),
    jitter: Type.Optional(
      Type.Enum(['full', 'none'], {
        description:
          '`full` draws each pause at random between 0 and the upper limit; `none` waits for the upper limit',
      }),
    ),
  },
  { description: 'Pauses between attempts; absent fields default to 1 s, doubling up to 10 min, with full jitter' },
)

const Timeouts = closed(
  {
    scheduleToStartMs: Type.Optional(duration('From the time when the task is due to its first start', 1)),
    startToCloseMs: Type.Optional(duration('From the start to the end of each attempt', 1)),
    scheduleToCloseMs: Type.Optional(duration('From the time when the task is due to its end, over all attempts', 1)),
    heartbeatMs: Type.Optional(duration('Between two heartbeats of the handler of a running task', 1)),
  },
  { description: 'Time limits; an absent field means no limit' },
)

const Labels = Type.Unsafe<Record<string, string>>({
  type: 'object',
  maxProperties: 64,
  propertyNames: { minLength: 1, maxLength: 64 },
  additionalProperties: { type: 'string', maxLength: 256 },
  description:
    'Up to 64 names with values, by which lists can be filtered; a name has up to 64 characters, a value up to 256',
})

const Payload = Type.Unsafe<unknown>({
  description: "The input of the handler: any JSON value up to the server's limit, which is 1 MiB by default",
})
const Queue = name('The queue in which the task waits')
const Priority = Type.Enum([...PRIORITIES], {
  description: 'Tasks of a higher class start first; tasks of a lower class become more urgent while they wait',
})
const RunAt = Type.String({
  format: 'date-time',
  description: 'When the task is due: ISO 8601 with a time zone, from 1970 to 2200',
})
const MaxAttempts = Type.Integer({
  minimum: 1,
  maximum: 100,
  description: 'The task fails after this number of failed attempts',
})
const Title = Type.String({ maxLength: 256, description: 'A short text for people, shown in lists' })
const Description = Type.String({ maxLength: 10_000, description: 'A longer text for people' })

/** The body of a new task. */
export const NewTaskBody = closed(
  {
    type: name('The task type, by which workers find the handler'),
    payload: Type.Optional(Payload),
    queue: Type.Optional(Queue),
    priority: Type.Optional(Priority),
    runAt: Type.Optional(RunAt),
    delayMs: Type.Optional(duration('Delay until the task is due, as an alternative to `runAt`')),
    maxAttempts: Type.Optional(MaxAttempts),
    retry: Type.Optional(Retry),
    timeouts: Type.Optional(Timeouts),
    labels: Type.Optional(Labels),
    title: Type.Optional(Title),
    description: Type.Optional(Description),
    ...optionFields(),
    retentionMs: Type.Optional(duration('How long the finished task is kept')),
  },
  {
    description: 'Absent options default to those of the task type, if a worker has registered it.',
    examples: [
      {
        type: 'report.build',
        payload: { customer: 'acme', month: '2026-01' },
        queue: 'reports',
        priority: 'high',
        delayMs: 60_000,
        maxAttempts: 3,
        retry: { baseMs: 5_000 },
        timeouts: { startToCloseMs: 300_000 },
        labels: { customer: 'acme' },
        title: 'Monthly report for acme',
      },
    ],
  },
)

export type NewTaskBody = Static<typeof NewTaskBody>

/** The body of an edit. */
export const TaskEditBody = closed(
  {
    payload: Type.Optional(Payload),
    queue: Type.Optional(Queue),
    priority: Type.Optional(Priority),
    runAt: Type.Optional(nullable(RunAt)),
    maxAttempts: Type.Optional(MaxAttempts),
    labels: Type.Optional(Labels),
    title: Type.Optional(nullable(Title)),
    description: Type.Optional(nullable(Description)),
  },
  {
    minProperties: 1,
    description: 'Absent fields stay unchanged. A null `runAt` makes the task due at once.',
    examples: [{ priority: 'critical', runAt: null }],
  },
)

export type TaskEditBody = Static<typeof TaskEditBody>

/** The body of a redrive. */
export const RedriveBody = closed(
  { payload: Type.Optional(Payload) },
  { examples: [{ payload: { customer: 'acme', month: '2026-02' } }] },
)

// The size of all fields except the payload: the longest description and labels, with every character escaped.
const ENVELOPE_BYTES = 262_144

/** Returns the size limit, in bytes, of a body or a line of NDJSON that carries one payload. */
export const bodyLimitFor = (maxPayloadBytes: number): number => maxPayloadBytes + ENVELOPE_BYTES
