export { closedGates } from './gate-store.ts'
export { openTaskStores, type TaskStores, type WithinStore } from './stores.ts'
export { readTaskTypes } from './task-type-store.ts'
