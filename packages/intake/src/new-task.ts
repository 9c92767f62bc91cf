import { completeTask, type NewTask, type Principal, TaskFlowError } from '@taskflow/core'
import { refuseInvalidPayload } from './input-schema.ts'
import { malformedField } from './malformed.ts'
import type { NewTaskBody } from './task-fields.ts'
import type { KnownType } from './task-types.ts'

interface Context {
  readonly id: string
  readonly principal: Pick<Principal, 'project' | 'actor'>
  /** What workers announced of the type, if any knows it. */
  readonly known: KnownType | undefined
  readonly maxPayloadBytes: number
}

/** Completes a body that its schema has passed, or refuses what no schema can tell. */
export function newTask(body: NewTaskBody, { id, principal, known, maxPayloadBytes }: Context): NewTask {
  if (body.runAt !== undefined && body.delayMs !== undefined) {
    throw malformedField('body', '/delayMs', 'cannot be given together with `/runAt`')
  }
  const { payload = null } = body
  refuseInvalidPayload(known, payload)
  return completeTask(body, { id, by: principal, known, payload: payloadText(payload, maxPayloadBytes) })
}

/** @throws PAYLOAD_TOO_LARGE */
export function payloadText(payload: unknown, maxBytes: number): string {
  const text = JSON.stringify(payload)
  const bytes = Buffer.byteLength(text)
  if (bytes <= maxBytes) return text
  throw new TaskFlowError('PAYLOAD_TOO_LARGE', `The payload has ${bytes} bytes as JSON; the limit is ${maxBytes}`)
}
