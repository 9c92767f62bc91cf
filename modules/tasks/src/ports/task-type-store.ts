import type { TaskTypeDefaults } from '../domain/task-type.ts'

/** Task types, as workers announce them. */
export interface TaskTypeStore {
  listTaskTypes(project: string): Promise<TaskTypeDefaults[]>
  /** Stores the defaults of each type; the last announcement of a type counts. */
  registerTaskTypes(project: string, types: readonly TaskTypeDefaults[]): Promise<void>
}
