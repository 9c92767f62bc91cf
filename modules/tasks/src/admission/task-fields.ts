import { closed, duration, name, nullable } from '@taskflow/validation'
import { type Static, Type } from 'typebox'
import { PRIORITIES } from '../domain/priority.ts'

/** The fields that a caller may give a task, with their bounds: those of submission and, as far as they go, of edits. */
const Retry = closed(
  {
    baseMs: Type.Optional(duration('Longest pause before the second attempt')),
    factor: Type.Optional(Type.Number({ minimum: 1, maximum: 100, description: 'By which each next pause is longer' })),
    maxMs: Type.Optional(duration('Longest pause of all')),
    jitter: Type.Optional(
      Type.Enum(['full', 'none'], { description: '`full` draws each pause at random up to its length' }),
    ),
  },
  { description: 'Pauses between attempts; what is left out is 1 s, doubling up to 10 min, with full jitter' },
)

const Timeouts = closed(
  {
    scheduleToStartMs: Type.Optional(duration('From due to the first start', 1)),
    startToCloseMs: Type.Optional(duration('One attempt', 1)),
    scheduleToCloseMs: Type.Optional(duration('From due to the end, over all attempts', 1)),
    heartbeatMs: Type.Optional(duration('Between two heartbeats of the handler', 1)),
  },
  { description: 'No limit where left out' },
)

const Labels = Type.Unsafe<Record<string, string>>({
  type: 'object',
  maxProperties: 64,
  propertyNames: { minLength: 1, maxLength: 64 },
  additionalProperties: { type: 'string', maxLength: 256 },
  description: 'Up to 64, with names of up to 64 and values of up to 256 characters; lists filter by them',
})

const Payload = Type.Unsafe<unknown>({ description: "Any JSON value, up to the server's limit (1 MiB by default)" })
const Queue = name('The queue')
const Priority = Type.Enum([...PRIORITIES], { description: 'A higher class goes first; the lower ones never starve' })
const RunAt = Type.String({ format: 'date-time', description: 'Not before: ISO 8601 with its zone, from 1970 to 2200' })
const MaxAttempts = Type.Integer({ minimum: 1, maximum: 100 })
const Title = Type.String({ maxLength: 256 })
const Description = Type.String({ maxLength: 10_000 })

export const NewTaskBody = closed({
  type: name('The task type'),
  payload: Type.Optional(Payload),
  queue: Type.Optional(Queue),
  priority: Type.Optional(Priority),
  runAt: Type.Optional(RunAt),
  delayMs: Type.Optional(duration('Not before this long from now; instead of `runAt`')),
  maxAttempts: Type.Optional(MaxAttempts),
  retry: Type.Optional(Retry),
  timeouts: Type.Optional(Timeouts),
  labels: Type.Optional(Labels),
  title: Type.Optional(Title),
  description: Type.Optional(Description),
  retentionMs: Type.Optional(duration('How long the finished task is kept')),
})

export type NewTaskBody = Static<typeof NewTaskBody>

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
  { minProperties: 1, description: 'Absent means unchanged; a null `runAt` means at once' },
)

export type TaskEditBody = Static<typeof TaskEditBody>

export const RedriveBody = closed({ payload: Type.Optional(Payload) })

// What a body may hold beside its payload: description and labels at their longest, escaped at their worst.
const ENVELOPE_BYTES = 262_144

/** Bytes of a body, or of a line, that carries one payload. */
export const bodyLimitFor = (maxPayloadBytes: number): number => maxPayloadBytes + ENVELOPE_BYTES
