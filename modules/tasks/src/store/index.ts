export { openTaskStores, type TaskStores } from './stores.ts'
export { submitWithin } from './submit.ts'
export { readTaskTypes } from './task-type-store.ts'
