export type { CallerTransaction } from './caller-transaction.ts'
export { type DirectClient, type DirectOptions, taskflowDirect } from './client.ts'
export { systemClock } from './system-clock.ts'
export type { DirectTasks, SubmitManyRequest, SubmitRequest } from './tasks.ts'
