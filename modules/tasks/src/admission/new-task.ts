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
  /** What workers announced of the type, if any knows it. */
  readonly known: KnownType | undefined
  readonly maxPayloadBytes: number
}

/** Completes what its schema has passed, or refuses what no schema can tell. */
export function newTask({ fields, payload }: ReadTask, { id, by, known, maxPayloadBytes }: Context): NewTask {
  if (fields.runAt !== undefined && fields.delayMs !== undefined) {
    throw malformedField('body', '/delayMs', 'cannot be given together with `/runAt`')
  }
  if (known?.checkInput) refuseInvalidPayload(known, JSON.parse(payload))
  refuseLargePayload(payload, maxPayloadBytes)
  return completeTask(fields, { id, by, known, payload })
}

/** @throws PAYLOAD_TOO_LARGE */
export function payloadText(payload: unknown, maxBytes: number): string {
  const text = JSON.stringify(payload)
  refuseLargePayload(text, maxBytes)
  return text
}

// UTF-8 of one UTF-16 unit, at most: what is short enough need not be measured.
const MAX_BYTES_PER_UNIT = 3

function refuseLargePayload(text: string, maxBytes: number): void {
  if (text.length * MAX_BYTES_PER_UNIT <= maxBytes) return
  const bytes = Buffer.byteLength(text)
  if (bytes <= maxBytes) return
  throw new TaskFlowError('PAYLOAD_TOO_LARGE', `The payload has ${bytes} bytes as JSON; the limit is ${maxBytes}`)
}
