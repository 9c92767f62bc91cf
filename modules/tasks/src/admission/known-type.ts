import type { ValidateFunction } from 'ajv/dist/2020.js'
import type { TaskTypeDefaults } from '../domain/task-type.ts'

/** A task type as the latest worker registered it. */
export interface KnownType extends TaskTypeDefaults {
  /** Checks a payload; absent when the type has no input schema, or an invalid one. */
  readonly checkInput?: ValidateFunction
}
