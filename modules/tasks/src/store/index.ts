export { openTaskStores, type TaskStores, type WithinStore } from './stores.ts'
export { readTaskTypes } from './task-type-store.ts'
