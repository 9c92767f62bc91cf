export { systemClock } from '@taskflow/kernel'
export type { CallerTransaction } from './caller-transaction.ts'
export { type DirectClient, type DirectOptions, taskflowDirect } from './client.ts'
export type { DirectTasks, SubmitManyRequest, SubmitRequest } from './tasks.ts'
