export { openTaskStores, type TaskStores, type WithinStore } from './stores.ts'
export { findSubmitted } from './submit.ts'
export { readTaskTypes } from './task-type-store.ts'
