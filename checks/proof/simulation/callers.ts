import { hasCode } from '@taskflow/kernel'
import type { NewTask, TaskId } from '@taskflow/tasks'
import { newTask } from '@taskflow/testing/factories'
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
    const { type, priority, delayMs, maxAttempts, key, startToCloseMs } = work
    return work.scripts.map((script) =>
      newTask({
        id: at.ids.next() as TaskId,
        type,
        priority,
        maxAttempts,
        delayMs: delayMs || null,
        payload: JSON.stringify(script),
        title: script.name,
        labels: key === undefined ? null : { 'idempotency-key': key },
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
      )
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
    begin({ works }) {
      for (const work of works) {
        if (work.kind !== 'submit') later(work.atMs, () => steer(work))
        else {
          later(work.atMs, () => submit(work, work.api))
          if (work.isDoubled && work.key !== undefined) later(work.atMs, () => submit(work, 3 - work.api))
        }
      }
    },
    get waiting() {
      return waiting
    },
  }
}
