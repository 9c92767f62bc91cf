import type { Command } from 'commander'
import { addAttempts } from './attempts.ts'
import { addCancel } from './cancel.ts'
import { addEdit } from './edit.ts'
import { addEvents } from './events.ts'
import { addGet } from './get.ts'
import { addList } from './list.ts'
import { addLogs } from './logs.ts'
import { addRedrive } from './redrive.ts'
import { addSubmit } from './submit.ts'
import { addWait } from './wait.ts'

export function addTasks(taskflow: Command): void {
  const tasks = taskflow
    .command('tasks')
    .summary('submit, watch and change tasks')
    .description('Submit, watch and change tasks.')
    .helpCommand(false)
  for (const add of [
    addSubmit,
    addList,
    addGet,
    addWait,
    addLogs,
    addAttempts,
    addEvents,
    addEdit,
    addCancel,
    addRedrive,
  ])
    add(tasks)
}
