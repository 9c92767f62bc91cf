import { taskflowOver } from './taskflow-producer.ts'

export const peer = taskflowOver(() => undefined)
