import { setTimeout as pause } from 'node:timers/promises'
import { type Task, TaskFlow, type TaskFlowApiError } from '@taskflow/sdk'
import { insist } from '@taskflow/testing/insist'
import { nowMs } from '@taskflow/testing/measuring/machine-clock'
import { ADMIN_TOKEN } from '@taskflow/testing/start-taskflow'
import type { Witness } from '@taskflow/testing/witness'
import type { Chance } from '../simulation/chance.ts'
import { type Call, callOf } from './load.ts'
import { TYPES } from './script.ts'

interface Deps {
  readonly urls: readonly string[]
  readonly tasksPerSecond: number
  readonly chance: Chance
  /** Prefix of the idempotency keys of this run. */
  readonly run: string
}

/** Callers of the API over HTTP, which record the answers they receive. */
export interface Callers {
  readonly witnesses: readonly Witness[]
  readonly accepted: ReadonlySet<string>
  readonly tally: Readonly<Record<'calls' | 'retried' | 'cancelled' | 'redriven' | 'refused', number>>
  /** Answers that no caller may ever receive. */
  readonly surprises: readonly string[]
  /** Submits a task. Resolves with the milliseconds until it succeeded, or after the timeout with its state. */
  probe(timeoutMs: number): Promise<{ readonly ranAfterMs: number } | { readonly stillIs: string }>
  /** Stops making calls. Resolves with the number of calls that were not answered in time. */
  end(): Promise<number>
  /** Abandons the calls that still wait for answers. */
  hangUp(): void
}

const TICK_MS = 100
// Callers make no more calls while this many wait for answers, as during an outage.
const MAX_OPEN_CALLS = 200
const AGAIN_MS = 300
const REPLY_MS = 10_000
const END_MS = 120_000
const POLL_MS = 50

export function callers({ urls, tasksPerSecond, chance, run }: Deps): Callers {
  const clients = urls.map((url) => new TaskFlow({ url, token: ADMIN_TOKEN, retries: 0, timeoutMs: REPLY_MS }))
  const witnesses: Witness[] = []
  const accepted = new Set<string>()
  const order: string[] = []
  const tally = { calls: 0, retried: 0, cancelled: 0, redriven: 0, refused: 0 }
  const surprises: string[] = []
  const open = new Set<Promise<unknown>>()
  const hangingUp = new AbortController()
  let number = 0
  let isEnding = false

  const untilAnswered = <Answer>(first: number, call: (client: TaskFlow) => Promise<Answer>): Promise<Answer> =>
    insist({ apis: () => clients, first, pauseMs: AGAIN_MS, signal: hangingUp.signal, onFailure: tried }, call)

  function tried(error: Error): void {
    if ((error as TaskFlowApiError).status === 500) surprises.push(sentenceOf(error))
    tally.retried++
  }

  /** Keeps probes out of `order`, so that no call cancels a probe: the run waits for it to succeed. */
  async function submit(
    { tasks }: Call & { kind: 'submit' },
    { key, first, isProbe = false }: { key: string; first: number; isProbe?: boolean },
  ): Promise<readonly string[]> {
    // The client adds this suffix to the key of the first of several requests.
    const sentKey = `${key}:0`
    const labelled = tasks.map((task) => ({ ...task, labels: { 'idempotency-key': sentKey } }))
    const taskIds = await untilAnswered(first, (client) => client.tasks.submitMany(labelled, { idempotencyKey: key }))
    witnesses.push({ kind: 'submitted', atMs: nowMs(), taskIds, key: sentKey })
    for (const id of taskIds) {
      if (accepted.has(id)) continue
      accepted.add(id)
      if (!isProbe) order.push(id)
    }
    return taskIds
  }

  async function steer({ kind, nth }: Call & { kind: 'cancel' | 'redrive' }, first: number): Promise<void> {
    const id = order.at(-1 - nth)
    if (id === undefined) return
    try {
      const { state } = await untilAnswered<Task>(first, ({ tasks }) =>
        kind === 'cancel' ? tasks.cancel(id) : tasks.redrive(id),
      )
      if (kind === 'cancel')
        witnesses.push({ kind: 'cancelled', atMs: nowMs(), taskId: id as never, state: state as never })
      tally[kind === 'cancel' ? 'cancelled' : 'redriven']++
    } catch (error) {
      // The state of the task does not allow the call; or an earlier try succeeded and its answer was lost.
      if ((error as TaskFlowApiError).code !== 'TASK_STATE_CONFLICT') throw error
      tally.refused++
    }
  }

  function begin(call: Call): number {
    const first = number++
    const key = `${run}-${first}`
    const works: Promise<unknown>[] = call.kind === 'submit' ? [submit(call, { key, first })] : [steer(call, first)]
    if (call.kind === 'submit' && call.isDoubled) works.push(submit(call, { key, first: first + 1 }))
    for (const work of works) {
      tally.calls++
      const pending: Promise<unknown> = work
        .catch((error: unknown) => surprises.push(sentenceOf(error)))
        .finally(() => open.delete(pending))
      open.add(pending)
    }
    return call.kind === 'submit' ? call.tasks.length : 0
  }

  async function call(): Promise<void> {
    for (let due = 0; !isEnding; await pause(TICK_MS)) {
      // Calls that could not be made in time are dropped: their callers have left.
      due = Math.min(due + (tasksPerSecond * TICK_MS) / 1_000, tasksPerSecond)
      while (due > 0 && open.size < MAX_OPEN_CALLS) due -= begin(callOf(chance.of(`call ${number}`), tasksPerSecond))
    }
  }
  void call()

  return {
    witnesses,
    accepted,
    tally,
    surprises,
    async probe(timeoutMs) {
      const startedMs = performance.now()
      const isLate = (): boolean => performance.now() - startedMs > timeoutMs
      const first = number++
      const tasks = [{ type: TYPES.shared, payload: { acts: [{ ms: 0, does: 'succeed' }] } }]
      const key = `${run}-probe-${first}`
      const submitting = submit({ kind: 'submit', tasks, isDoubled: false }, { key, first, isProbe: true })
      const [id] = await Promise.race([submitting, pause(timeoutMs, [], { ref: false })])
      let state: string = 'not accepted'
      while (id !== undefined && !isLate()) {
        state = (await untilAnswered(first, (client) => client.tasks.get(id))).state
        if (state === 'succeeded') return { ranAfterMs: performance.now() - startedMs }
        await pause(POLL_MS)
      }
      return { stillIs: state }
    },
    async end() {
      isEnding = true
      const isOver = Promise.all([...open]).then(() => true)
      await Promise.race([isOver, pause(END_MS, undefined, { ref: false })])
      return open.size
    },
    hangUp() {
      isEnding = true
      hangingUp.abort()
    },
  }
}

function sentenceOf(error: unknown): string {
  const { status, code, message } = error as TaskFlowApiError
  return status === undefined ? String((error as Error).stack) : `${status} ${code}: ${message}`
}
