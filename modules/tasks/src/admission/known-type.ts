import type { ValidateFunction } from 'ajv/dist/2020.js'
import type { TaskTypeDefaults } from '../domain/task-type.ts'

export interface KnownType extends TaskTypeDefaults {
  /** Checks a payload; absent where the type gave no schema, or one that cannot be used. */
  readonly checkInput?: ValidateFunction
}
