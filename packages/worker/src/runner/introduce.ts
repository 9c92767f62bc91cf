import { jsonSchemaOf, type TaskDefinition } from '@taskflow/sdk'
import { DEFAULT_RETRY_POLICY } from '@taskflow/tasks/domain/retry-policy'
import type { TaskTypeIntroduction } from '../protocol.ts'

/** Describes a definition to the agent: everything except the handler and the schema object. */
export function introduce(definition: TaskDefinition): TaskTypeIntroduction {
  const schema = jsonSchemaOf(definition)
  return {
    type: definition.type,
    queue: definition.queue ?? null,
    priority: definition.priority ?? null,
    maxAttempts: definition.maxAttempts ?? null,
    retry: definition.retry ? { ...DEFAULT_RETRY_POLICY, ...definition.retry } : null,
    timeouts: definition.timeouts ?? null,
    inputSchema: schema ? JSON.stringify(schema) : null,
    isolation: definition.isolation ?? null,
  }
}
