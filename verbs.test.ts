import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TaskVerb, TRANSITIONS } from '@taskflow/core'
import { ROOT } from '@taskflow/testing/sources'
import { describe, expect, test } from 'vitest'

/**
 * One verb, one name, top to bottom: for each verb of a task's life the file where it is
 * stored and the one where it is set off; for each verb of the API its route, method and command.
 */

/** Several verbs share a statement where they differ in values alone; its file names each of them. */
const STORED_IN: Readonly<Record<TaskVerb, string>> = {
  promote: 'promote-tasks',
  claim: 'claim-tasks',
  complete: 'finish-tasks',
  fail: 'finish-tasks',
  retry: 'return-tasks',
  snooze: 'return-tasks',
  release: 'return-tasks',
  rescue: 'return-tasks',
  expire: 'expire-tasks',
  cancel: 'cancel-task',
  redrive: 'redrive-task',
}

/** The settlements are decided in one place, by judge(). */
const JUDGE = 'core/src/attempt-outcome.ts'

const SET_OFF_IN: Readonly<Record<TaskVerb, string>> = {
  promote: 'server/src/coordinator/promoter.ts',
  claim: 'worker/src/fetch-loop.ts',
  complete: JUDGE,
  fail: JUDGE,
  retry: JUDGE,
  snooze: JUDGE,
  release: JUDGE,
  rescue: 'server/src/coordinator/rescuer.ts',
  expire: 'server/src/coordinator/expirer.ts',
  cancel: 'server/src/api/tasks/cancel-task.ts',
  redrive: 'server/src/api/tasks/redrive-task.ts',
}

interface Call {
  readonly route: string
  readonly operationId: string
  /** Of `client.tasks` or `client.workers`. */
  readonly method: string
  /** Of `taskflow tasks` or `taskflow workers`; many tasks go by `submit` too. */
  readonly command: string
  readonly statement: string
}

const TASK_CALLS: Readonly<Record<string, Call>> = {
  submit: call('submit-task', 'submitTask', 'submit', 'submit-tasks'),
  'submit many': { ...call('submit-tasks', 'submitTasks', 'submitMany', 'submit-tasks'), command: 'submit' },
  get: call('get-task', 'getTask', 'get', 'get-task'),
  wait: call('get-task', 'getTask', 'wait', 'find-finished-tasks'),
  list: call('list-tasks', 'listTasks', 'list', 'list-tasks'),
  edit: call('edit-task', 'editTask', 'edit', 'edit-task'),
  cancel: call('cancel-task', 'cancelTask', 'cancel', 'cancel-task'),
  redrive: call('redrive-task', 'redriveTask', 'redrive', 'redrive-task'),
  attempts: call('list-attempts', 'listAttempts', 'attempts', 'list-attempts'),
  events: call('list-events', 'listEvents', 'events', 'list-events'),
  logs: call('list-logs', 'listLogs', 'logs', 'list-logs'),
}

/** What is asked of a worker differs in a value alone; one statement keeps it. */
const WORKER_CALLS: Readonly<Record<string, Call>> = {
  'list workers': call('list-workers', 'listWorkers', 'list', 'list-workers'),
  'get worker': call('get-worker', 'getWorker', 'get', 'list-workers'),
  cordon: call('cordon-worker', 'cordonWorker', 'cordon', 'request-worker'),
  uncordon: call('uncordon-worker', 'uncordonWorker', 'uncordon', 'request-worker'),
  drain: call('drain-worker', 'drainWorker', 'drain', 'request-worker'),
}

function call(route: string, operationId: string, method: string, statement: string): Call {
  return { route, operationId, method, command: method, statement }
}

const fileIn = (path: string): string => join(ROOT, 'packages', path)
const read = (path: string): string => readFileSync(fileIn(path), 'utf8')
const queryFile = (statement: string): string => `storage/src/queries/${statement}.ts`

for (const verb of Object.keys(TRANSITIONS) as TaskVerb[]) {
  describe(verb, () => {
    test(`is stored by ${STORED_IN[verb]}, which names it`, () => {
      expect(read(queryFile(STORED_IN[verb])).toLowerCase()).toContain(verb)
    })

    test(`is set off in ${SET_OFF_IN[verb]}, which names it`, () => {
      expect(read(SET_OFF_IN[verb]).toLowerCase()).toContain(verb)
    })
  })
}

function describeCalls(noun: 'tasks' | 'workers', calls: Readonly<Record<string, Call>>, sdk: (call: Call) => RegExp) {
  for (const [verb, called] of Object.entries(calls)) {
    const { route, operationId, method, command, statement } = called
    describe(`${verb}, as callers see it`, () => {
      test(`is served by ${route} as ${operationId}`, () => {
        expect(read(`server/src/api/${noun}/${route}.ts`)).toContain(`operationId: '${operationId}'`)
      })

      test(`is read or written by ${statement}`, () => {
        expect(existsSync(fileIn(queryFile(statement)))).toBe(true)
      })

      test(`is client.${noun}.${method}() in the SDK`, () => {
        expect(read(noun === 'tasks' ? 'sdk/src/tasks.ts' : 'sdk/src/client.ts')).toMatch(sdk(called))
      })

      test(`is taskflow ${noun} ${command}`, () => {
        expect(read(`cli/src/${noun}/${command}.ts`)).toContain(`'${command}`)
      })
    })
  }
}

describeCalls('tasks', TASK_CALLS, ({ method }) => new RegExp(`^  (async \\*?)?${method}[<(]`, 'm'))
describeCalls('workers', WORKER_CALLS, ({ method }) => new RegExp(`^    ${method}: \\(`, 'm'))
