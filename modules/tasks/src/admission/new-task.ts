import type { Principal } from '@taskflow/http/access'
import { TaskFlowError } from '@taskflow/kernel'
import { malformedField } from '@taskflow/validation'
import { completeTask } from '../domain/complete-task.ts'
import type { NewTask } from '../domain/task.ts'
import { refuseInvalidPayload } from './input-schema.ts'
import type { KnownType } from './known-type.ts'
import type { ReadTask } from './read-task.ts'

interface Context {
  readonly id: string
  readonly by: Pick<Principal, 'project' | 'actor'>
  /** The task type; undefined when no worker has registered it. */
  readonly known: KnownType | undefined
  readonly maxPayloadBytes: number
}

/** Completes a task that its schema has accepted. Throws when the task breaks a rule that the schema cannot express. */
export function newTask({ fields, payload }: ReadTask, { id, by, known, maxPayloadBytes }: Context): NewTask {
  if (fields.runAt !== undefined && fields.delayMs !== undefined) {
    throw malformedField('body', '/delayMs', 'cannot be combined with `/runAt`: send only one of them')
  }
  if (known?.checkInput) refuseInvalidPayload(known, JSON.parse(payload))
  refuseLargePayload(payload, maxPayloadBytes)
  return completeTask(fields, { id, by, known, payload })
}

/** Returns the payload as JSON. Throws PAYLOAD_TOO_LARGE. */
export function payloadText(payload: unknown, maxBytes: number): string {
  const text = JSON.stringify(payload)
  refuseLargePayload(text, maxBytes)
  return text
}

// One UTF-16 unit becomes at most three bytes of UTF-8, so short texts need not be measured.
const MAX_BYTES_PER_UNIT = 3

function refuseLargePayload(text: string, maxBytes: number): void {
  if (text.length * MAX_BYTES_PER_UNIT <= maxBytes) return
  const bytes = Buffer.byteLength(text)
  if (bytes <= maxBytes) return
  throw new TaskFlowError('PAYLOAD_TOO_LARGE', `The payload has ${bytes} bytes as JSON; the limit is ${maxBytes}`)
}
