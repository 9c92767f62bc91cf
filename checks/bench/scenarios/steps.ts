import { EventEmitter, once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { postgresDatabase } from '@taskflow/database'
import { systemClock, type TaskFlowEvents, uuidV7Ids } from '@taskflow/kernel'
import type { Storage } from '@taskflow/rooms'
import { openStorage } from '@taskflow/rooms'
import type { Lease, WorkerId } from '@taskflow/tasks'
import { PROJECT } from '@taskflow/testing/factories'
import { nowMs } from '@taskflow/testing/measuring/machine-clock'
import pg from 'pg'
import { openDirectClient } from '../direct-client.ts'
import { payload } from '../payload.ts'
import { type Figures, percentileOf } from '../rounds.ts'
import { type Bench, type Scenario, sized } from '../scenario.ts'

const RESTS_MS = { 'one after the other': 0, 'each 10 ms after the last': 10 } as const

const TYPE = 'bench.noop'
const QUEUE = 'default'
const ECHO = `const { parentPort } = require('node:worker_threads'); parentPort.on('message', (message) => parentPort.postMessage(message))`

const samplesOf = (bench: Bench): number => sized(bench, 300, 100, 5)

export const steps: Scenario = {
  name: 'steps',
  rows: ['F'],
  title: 'The steps of a pickup',
  summary:
    'The steps of a pickup on PostgreSQL, each measured separately by one process, for one task and without other ' +
    'work: a round trip to PostgreSQL that does nothing; the submission of a task until it is durable; a ' +
    'notification from one connection to another; the claim; a message to a thread and back. The settlement comes ' +
    'after the pickup, but shares the disk with the next submission. Each figure is the median of the samples of ' +
    'a round.',
  figures: {
    'round trip': 'ms',
    submission: 'ms',
    notification: 'ms',
    claim: 'ms',
    'to a thread and back': 'ms',
    settlement: 'ms',
  },
  plotted: ['submission', 'notification', 'claim', 'to a thread and back'],
  settings: (bench) => ({ samples: samplesOf(bench) }),
  contenders: (bench) =>
    Object.fromEntries(Object.entries(RESTS_MS).map(([title, restMs]) => [title, () => measure(bench, restMs)])),
}

function measure(bench: Bench, restMs: number): Promise<Figures> {
  return bench.stores.with('PostgreSQL', async ({ url = '' }) => {
    const undo: (() => Promise<unknown>)[] = []
    try {
      const steps = Object.entries(await openSteps(url, undo))
      const taken: Record<string, number[]> = {}
      for (let left = samplesOf(bench); left > 0; left--) {
        for (const [name, step] of steps) {
          const beganMs = nowMs()
          await step()
          taken[name] ??= []
          taken[name].push(nowMs() - beganMs)
        }
        if (restMs > 0) await pause(restMs)
      }
      return Object.fromEntries(Object.entries(taken).map(([name, valuesMs]) => [name, percentileOf(valuesMs, 0.5)]))
    } finally {
      for (const step of undo.reverse()) await step()
    }
  })
}

/** Opens all that takes part in a pickup, in this process, in order; `undo` lists how to close it, in reverse order. */
async function openSteps(
  url: string,
  undo: (() => Promise<unknown>)[],
): Promise<Readonly<Record<string, () => Promise<unknown>>>> {
  const client = await openDirectClient(url)
  undo.push(client.close)
  const db = postgresDatabase({ url })
  undo.push(db.close)
  const storage = openStorage({ db, events: new EventEmitter<TaskFlowEvents>(), retentionMs: 86_400_000 })
  const line = await lineOf(storage)
  const [notifying, listening] = [new pg.Client(url), new pg.Client(url)]
  for (const each of [notifying, listening]) {
    await each.connect()
    undo.push(() => each.end())
  }
  await listening.query('listen bench_notification')
  const thread = new Worker(ECHO, { eval: true })
  undo.push(() => thread.terminate())
  return {
    'round trip': () => storage.ping(),
    submission: () => client.submit(payload()),
    notification: () =>
      Promise.all([
        once(listening, 'notification'),
        notifying.query({ name: 'notify', text: "select pg_notify('bench_notification', '')" }),
      ]),
    claim: line.claim,
    'to a thread and back': () => thereAndBack(thread),
    settlement: line.settle,
  }
}

/** Claims what was submitted, and settles what it claimed. */
async function lineOf(storage: Storage) {
  const ids = uuidV7Ids(systemClock, Math.random)
  const workerId = ids.next() as WorkerId
  const names = { project: PROJECT, name: 'bench', host: 'localhost', version: '0', labels: {} }
  await storage.registerWorker(
    { ...names, id: workerId, pid: process.pid, queues: [QUEUE], types: [TYPE], slots: 1 },
    [],
  )
  let leases: readonly Lease[] = []
  return {
    async claim() {
      leases = await storage.claimTasks({
        claimId: ids.next(),
        workerId,
        queues: [QUEUE],
        types: [TYPE],
        max: 1,
      })
      if (leases.length !== 1) throw new Error(`Expected to claim the task just submitted, got ${leases.length}`)
    },
    async settle() {
      const settlements = leases.map(({ taskId, leaseId }) => ({
        taskId,
        leaseId,
        verdict: { verb: 'complete', result: 'null' } as const,
      }))
      const results = await storage.settleTasks(settlements)
      if (results.includes('stale')) throw new Error('Expected the claim to be still ours when it is settled')
    },
  }
}

async function thereAndBack(thread: Worker): Promise<void> {
  const back = once(thread, 'message')
  thread.postMessage('message')
  await back
}
