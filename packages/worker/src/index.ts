export type { Log } from './log.ts'
export type { WorkerDeps, WorkerHealth } from './session.ts'
export type { WorkerOptions } from './settings.ts'
export { type Worker, worker } from './worker.ts'
