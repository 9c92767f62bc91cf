export type * from './api-types.ts'
export { type ApiKeys, type Queues, TaskFlow, type TaskFlowOptions, type Workers } from './client.ts'
export * from './define-task.ts'
export { hasCode, TaskFailedError, TaskFlowApiError } from './errors.ts'
export { type InputOf, newTask, type ResultOf, type SubmittableTask, type TaskOptions } from './new-task.ts'
export { everyItem, type PageRequest } from './pages.ts'
export * from './task-signals.ts'
export type {
  LogRequest,
  RequestOptions,
  StreamedTask,
  SubmitManyRequest,
  SubmitRequest,
  TaskFilter,
  TaskRef,
  Tasks,
} from './tasks.ts'
export { isFinished, type WaitOptions } from './wait.ts'
