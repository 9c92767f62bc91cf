import { setTimeout as pause } from 'node:timers/promises'
import { type Task, TaskFlow, type TaskFlowApiError } from '@taskflow/sdk'
import type { Witness } from '@taskflow/testing/witness'
import type { Chance } from '../simulation/chance.ts'
import { TOKEN } from './fleet.ts'
import { type Call, callOf } from './load.ts'
import { machineMs } from './machine-time.ts'
import { TYPES } from './script.ts'

interface Deps {
  readonly urls: readonly string[]
  readonly tasksPerSecond: number
  readonly chance: Chance
  /** Begins the names of what this run submits. */
  readonly run: string
}

/** Those who call the API over HTTP, and write down what they are answered. */
export interface Callers {
  readonly witnesses: readonly Witness[]
  readonly accepted: ReadonlySet<string>
  readonly tally: Readonly<Record<'calls' | 'retried' | 'cancelled' | 'redriven' | 'refused', number>>
  /** Answers that no caller should ever get. */
  readonly surprises: readonly string[]
  /** Resolves once a task that is submitted now has succeeded, with the time that took in milliseconds; or when time is up, with its state. */
  probe(timeoutMs: number): Promise<{ readonly ranAfterMs: number } | { readonly stillIs: string }>
  /** No more calls are begun; resolves once all have been answered, with none, or in time with how many have not. */
  end(): Promise<number>
  /** Whoever still waits gives up. */
  hangUp(): void
}

const TICK_MS = 100
// So many calls wait for their answers while the system is down; others stay away.
const MOST_CALLS = 200
const AGAIN_MS = 300
const REPLY_MS = 10_000
const END_MS = 120_000
const LOOK_MS = 50

export function callers({ urls, tasksPerSecond, chance, run }: Deps): Callers {
  const clients = urls.map((url) => new TaskFlow({ url, token: TOKEN, retries: 0, timeoutMs: REPLY_MS }))
  const witnesses: Witness[] = []
  const accepted = new Set<string>()
  const order: string[] = []
  const tally = { calls: 0, retried: 0, cancelled: 0, redriven: 0, refused: 0 }
  const surprises: string[] = []
  const open = new Set<Promise<unknown>>()
  let number = 0
  let isEnding = false
  let isHungUp = false

  /** Asks one API after the other until one answers. What is thrown is a refusal. */
  async function insist<Answer>(first: number, ask: (client: TaskFlow) => Promise<Answer>): Promise<Answer> {
    for (let tried = 0; ; tried++) {
      try {
        return await ask(clients[(first + tried) % clients.length] as TaskFlow)
      } catch (error) {
        const { status, code } = error as TaskFlowApiError
        if (status === 500) surprises.push(sentenceOf(error))
        if (code !== 'SERVER_UNREACHABLE' && (status === undefined || status < 500)) throw error
        if (isHungUp) throw error
        tally.retried++
        await pause(AGAIN_MS)
      }
    }
  }

  /** A probe is nobody's to cancel: who waits for it to succeed would wait in vain. */
  async function submit(
    { tasks }: Call & { kind: 'submit' },
    { key, first, isProbe = false }: { key: string; first: number; isProbe?: boolean },
  ): Promise<readonly string[]> {
    // As the client names the first of several requests.
    const sentKey = `${key}:0`
    const labelled = tasks.map((task) => ({ ...task, labels: { 'idempotency-key': sentKey } }))
    const taskIds = await insist(first, (client) => client.tasks.submitMany(labelled, { idempotencyKey: key }))
    witnesses.push({ kind: 'submitted', atMs: machineMs(), taskIds, key: sentKey })
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
      const { state } = await insist<Task>(first, ({ tasks }) =>
        kind === 'cancel' ? tasks.cancel(id) : tasks.redrive(id),
      )
      if (kind === 'cancel')
        witnesses.push({ kind: 'cancelled', atMs: machineMs(), taskId: id as never, state: state as never })
      tally[kind === 'cancel' ? 'cancelled' : 'redriven']++
    } catch (error) {
      // It has finished, or has not yet; or somebody's first try had done it, and its answer was lost.
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
      const watched: Promise<unknown> = work
        .catch((error: unknown) => surprises.push(sentenceOf(error)))
        .finally(() => open.delete(watched))
      open.add(watched)
    }
    return call.kind === 'submit' ? call.tasks.length : 0
  }

  async function call(): Promise<void> {
    for (let due = 0; !isEnding; await pause(TICK_MS)) {
      // What could not be asked for in time is not made up for: callers that were turned away are gone.
      due = Math.min(due + (tasksPerSecond * TICK_MS) / 1_000, tasksPerSecond)
      while (due > 0 && open.size < MOST_CALLS) due -= begin(callOf(chance.of(`call ${number}`), tasksPerSecond))
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
        state = (await insist(first, (client) => client.tasks.get(id))).state
        if (state === 'succeeded') return { ranAfterMs: performance.now() - startedMs }
        await pause(LOOK_MS)
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
      isHungUp = true
    },
  }
}

function sentenceOf(error: unknown): string {
  const { status, code, message } = error as TaskFlowApiError
  return status === undefined ? String((error as Error).stack) : `${status} ${code}: ${message}`
}
