import { Type } from 'typebox'

const DAY_MS = 86_400_000

export const TASKS_SETTINGS = {
  maxPayloadBytes: Type.Integer({
    minimum: 1_024,
    maximum: 16_777_216,
    default: 1_048_576,
    description: 'Largest payload of a task, as JSON, in bytes',
  }),
  retentionMs: Type.Integer({
    minimum: 0,
    maximum: 3_650 * DAY_MS,
    default: 7 * DAY_MS,
    description: 'How long finished tasks are kept, unless a task sets its own retention; in milliseconds',
  }),
}
