import { hasCode } from '@taskflow/kernel'
import type { NewTask, TaskId } from '@taskflow/tasks'
import { newTask } from '@taskflow/testing/factories'
import { GATE, LINK, REFUSE } from '@taskflow/testing/test-room/room'
import type { Witness } from '@taskflow/testing/witness'
import type { Chance } from './chance.ts'
import type { Plan, Work } from './plan.ts'
import { PROJECT, type SimulatedProcess } from './process.ts'
import type { Story } from './story.ts'
import type { World } from './world.ts'

interface Deps {
  readonly world: World
  readonly chance: Chance
  readonly story: Story
  witness(seen: Witness): void
  /** Reports an answer that no caller may ever receive. */
  onSurprise(error: unknown): void
  /** Returns the API process of that number, while it is up. */
  api(number: number): SimulatedProcess | undefined
}

const PATIENCE_MS = 9_000
const AGAIN_MS = 400
const TRIES = 60
const QUEUE = 'default'
// Abandoned statements have been executed by then.
const REOPEN_MS = 14_000
const LABELS = {
  refuse: { [REFUSE]: 'yes' },
  link: { [LINK]: 'yes' },
  gate: { [GATE]: 'yes' },
  'link and gate': { [LINK]: 'yes', [GATE]: 'yes' },
} as const
const BY = { project: PROJECT, actor: 'key:simulation' }

/** Callers of the API, which record the answers they receive. */
export interface Callers {
  begin(plan: Plan): void
  /** The number of calls that have not begun or wait for an answer. */
  readonly waiting: number
}

export function callers({ world, chance, story, witness, onSurprise, api }: Deps): Callers {
  const accepted: TaskId[] = []
  let waiting = 0

  /** Resolves with undefined where no answer came: the call may have been done, or not. */
  async function request<Answer>(
    number: number,
    what: (at: SimulatedProcess) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    const process = api(number)
    if (!process) {
      await pause(AGAIN_MS)
      return undefined
    }
    return new Promise<Answer | undefined>((resolve, reject) => {
      let isOver = false
      const end = (settle: () => void): void => {
        if (!isOver) world.after(chance.next(), settle)
        isOver = true
      }
      world.after(PATIENCE_MS, () => end(() => resolve(undefined)))
      process.host.receive(chance.next(), () => {
        what(process).then(
          (answer) => end(() => resolve(answer)),
          (error: unknown) => end(() => (hasCode(error, 'DATABASE_UNAVAILABLE') ? resolve(undefined) : reject(error))),
        )
      })
    })
  }

  const pause = (ms: number): Promise<void> => new Promise((resolve) => world.after(ms, resolve))

  function tasksOf(work: Work & { kind: 'submit' }, at: SimulatedProcess): NewTask[] {
    const { type, priority, delayMs, maxAttempts, key, startToCloseMs, port } = work
    const labels = { ...(key !== undefined && { 'idempotency-key': key }), ...(port && LABELS[port]) }
    return work.scripts.map((script) =>
      newTask({
        id: at.ids.next() as TaskId,
        type,
        priority,
        maxAttempts,
        delayMs: delayMs || null,
        payload: JSON.stringify(script),
        title: script.name,
        labels: Object.keys(labels).length === 0 ? null : labels,
        timeouts: startToCloseMs === undefined ? null : { startToCloseMs },
      }),
    )
  }

  async function submit(work: Work & { kind: 'submit' }, number: number): Promise<void> {
    const { key } = work
    for (let tried = 0; tried < (key === undefined ? 1 : TRIES); tried++) {
      const answer = await request(number, (at) =>
        at.storage.submitTasks({
          project: PROJECT,
          tasks: tasksOf(work, at),
          ...(key !== undefined && { idempotency: { key, requestHash: 'one' } }),
        }),
      ).catch((error: unknown) => {
        if (work.port === 'refuse' && hasCode(error, 'TASK_INVALID')) return 'refused' as const
        throw error
      })
      if (answer === 'refused') return story.write('caller', 'receives the refusal of the test room')
      if (answer) {
        const { ids: taskIds } = answer
        witness({
          kind: 'submitted',
          atMs: world.nowMs,
          taskIds,
          ...(key !== undefined && { key, requestHash: 'one' }),
        })
        story.write('caller', `receives the answer that ${work.scripts.map(({ name }) => name).join(', ')} is accepted`)
        accepted.push(...taskIds.filter((id) => !accepted.includes(id)))
        return
      }
      await pause(AGAIN_MS)
    }
  }

  /** Repeats a call until it is answered, whatever the answer. */
  async function steer(work: Work & { kind: 'cancel' | 'redrive' | 'hurry' }): Promise<void> {
    const id = accepted.at(-1 - work.nth)
    if (id === undefined) return
    for (let tried = 0; tried < TRIES; tried++) {
      const answer = await request(work.api, (at) => does(work, id, at)).catch((error: unknown) => {
        if (hasCode(error, 'TASK_STATE_CONFLICT') || hasCode(error, 'TASK_INVALID')) return 'refused' as const
        throw error
      })
      if (answer === 'refused') return story.write('caller', `receives a refusal to ${work.kind} ${id}`)
      if (answer !== undefined) {
        story.write('caller', `receives the answer to ${work.kind} ${id}: it is ${answer.state}`)
        if (work.kind === 'cancel') witness({ kind: 'cancelled', atMs: world.nowMs, taskId: id, state: answer.state })
        return
      }
      await pause(AGAIN_MS)
    }
  }

  /** Closes or opens the queue. A call without an answer is repeated, except that a queue stays closed by one call only. */
  async function turn({ kind, api }: Work & { kind: 'close' | 'open' }): Promise<void> {
    for (let tried = 0; tried < (kind === 'close' ? 1 : TRIES); tried++) {
      const answer = await request(api, async ({ storage }) => {
        await (kind === 'close' ? storage.closeQueue(PROJECT, QUEUE) : storage.openQueue(PROJECT, QUEUE))
        return true
      })
      if (answer) return story.write('caller', `receives the answer to ${kind} the queue`)
      await pause(AGAIN_MS)
    }
  }

  function does({ kind }: Work & { kind: 'cancel' | 'redrive' | 'hurry' }, id: TaskId, { storage }: SimulatedProcess) {
    if (kind === 'cancel') return storage.cancelTask(id, BY, null)
    if (kind === 'redrive') return storage.redriveTask(id, BY, null)
    return storage.editTask(id, { priority: 'critical', runAt: null }, BY)
  }

  /** Schedules a call, and counts it as waiting from now on. */
  function later(atMs: number, work: () => Promise<void>): void {
    waiting++
    world.after(
      atMs,
      () =>
        void work()
          .catch(onSurprise)
          .finally(() => waiting--),
    )
  }

  return {
    begin({ works, calmAtMs }) {
      // A close that was never answered may have been done after the last open.
      if (works.some(({ kind }) => kind === 'close'))
        for (const api of [1, 2]) later(calmAtMs + REOPEN_MS, () => turn({ kind: 'open', atMs: 0, api }))
      for (const work of works) {
        if (work.kind === 'submit') {
          later(work.atMs, () => submit(work, work.api))
          if (work.isDoubled && work.key !== undefined) later(work.atMs, () => submit(work, 3 - work.api))
        } else if ('nth' in work) later(work.atMs, () => steer(work))
        else later(work.atMs, () => turn(work))
      }
    },
    get waiting() {
      return waiting
    },
  }
}
