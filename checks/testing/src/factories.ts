import type { Pulse, WorkerIntroduction } from '@taskflow/fleet'
import { DEFAULT_PROJECT } from '@taskflow/identity'
import type { ClaimRequest, NewLogLine, NewTask, Submission, TaskId, TaskTypeDefaults } from '@taskflow/tasks'
import { newTaskId, newWorkerId } from './ids.ts'

/** The project of everything that tests store. */
export const PROJECT = DEFAULT_PROJECT

/** A complete task as a caller may submit it; a test gives what it is about, the rest is ordinary. */
export function newTask(given: Partial<NewTask> = {}): NewTask {
  return {
    id: newTaskId(),
    project: PROJECT,
    type: 'test.echo',
    queue: 'default',
    priority: 'normal',
    payload: '{"from":"factory"}',
    runAt: null,
    delayMs: null,
    maxAttempts: 5,
    retry: null,
    timeouts: null,
    retentionMs: null,
    labels: null,
    title: null,
    description: null,
    options: null,
    linked: false,
    waitingGate: null,
    createdBy: 'key:test',
    ...given,
  }
}

export function submissionOf(...tasks: NewTask[]): Submission {
  return { project: tasks[0]?.project ?? PROJECT, tasks }
}

export function newWorker(given: Partial<WorkerIntroduction> = {}): WorkerIntroduction {
  return {
    id: newWorkerId(),
    project: PROJECT,
    name: 'test-worker',
    host: 'localhost',
    pid: process.pid,
    version: '0.0.0',
    labels: {},
    queues: ['default'],
    types: ['test.echo'],
    slots: 10,
    ...given,
  }
}

/** A task type whose definition has nothing but a name. */
export function newTaskType(type: string): TaskTypeDefaults {
  return { type, queue: null, priority: null, maxAttempts: null, retry: null, timeouts: null, inputSchema: null }
}

/** The claim that a worker makes when it has nothing to do. */
export function claimBy(worker: WorkerIntroduction, given: Partial<ClaimRequest> = {}): ClaimRequest {
  const { id: workerId, queues, types, slots: max } = worker
  return { claimId: newTaskId(), workerId, queues, types, max, ...given }
}

/** A line that a handler of that task logged. */
export function newLogLine(taskId: TaskId, given: Partial<NewLogLine> = {}): NewLogLine {
  return {
    id: newTaskId(),
    project: PROJECT,
    taskId,
    attempt: 1,
    at: new Date(),
    level: 'info',
    message: 'one line',
    fields: null,
    ...given,
  }
}

export function pulse(given: Partial<Pulse> = {}): Pulse {
  return { running: 0, loopLagMs: 0, sinceFetchMs: 0, state: 'active', settled: [], ...given }
}
